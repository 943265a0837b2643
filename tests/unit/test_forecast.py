import io
import json

import numpy as np
import pytest
from botocore.response import StreamingBody

import forecast
import write_requests
from common import working
from common.errors import ModelFailed, Transient
from stocks import endpoint, intervals
from tests.support import shards
from tests.support.lambda_environment import CONTEXT
from tests.support.prices import walk

RUN = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 1}
REQUESTS = endpoint.requests
EVENT = {"run": RUN, "shard": 0, "endpoint_name": "stocks-us-1", "job_name": ""}


@pytest.fixture
def shard(buckets):
    shard = shards.shard({"A": walk(1, 280), "B": walk(2, 275)})
    working.put_arrays(RUN, "shards", shard.arrays(), 0)
    return shard


@pytest.fixture
def model(stub, monkeypatch):
    """model(body, answer) scripts the endpoint's answer to exactly this request, in the order of the requests."""
    monkeypatch.setattr(endpoint, "IN_FLIGHT", 1)
    runtime = stub("sagemaker-runtime")

    def answers(body, answer):
        expected = {
            "EndpointName": "stocks-us-1",
            "ContentType": "application/json",
            "Accept": "application/json",
            "Body": body,
        }
        response = {"Body": StreamingBody(io.BytesIO(answer), len(answer))}
        runtime.add_response("invoke_endpoint", response, expected)

    return answers


def test_the_step_writes_forecasts_and_the_histogram_of_their_scores(shard, model, context, monkeypatch):
    monkeypatch.setattr(forecast.endpoint, "requests", lambda s: REQUESTS(s, most_origins=200))
    for instances in REQUESTS(shard, most_origins=200):
        body = endpoint.body(shard, instances)
        model(body, shards.answer(body))
    assert forecast.handler(EVENT, context) == {"shard": 0}
    written = working.get_arrays(RUN, "forecasts", 0)
    assert written["tickers"].tolist() == ["A", "B"]
    assert written["origin"].tolist() == [*range(60, 280), *range(60, 275)]
    assert written["offsets"].tolist() == [0, 220, 435]
    assert written["outputs"].shape == (435, 3, 8)
    last = np.repeat(np.concatenate([shard.adjclose[60:280], shard.adjclose[340:]])[:, None], 3, axis=1)
    assert written["outputs"][:, :, 0] == pytest.approx(last * 1.002)
    assert written["outputs"][:, :, 1] == pytest.approx(last * 1.001)
    histogram = working.get_arrays(RUN, "histograms", 0)
    expected = intervals.histogram(shard, written)
    assert {name: value.tolist() for name, value in histogram.items()} == {n: v.tolist() for n, v in expected.items()}
    by_horizon = [int(histogram["count"][histogram["horizon"] == i].sum()) for i in range(3)]
    assert by_horizon == [2 * (435 - 2 * h) for h in (1, 5, 20)]


def test_an_lstm_for_some_requests_only_is_no_model_and_writes_nothing(shard, model, context, monkeypatch, buckets):
    monkeypatch.setattr(forecast.endpoint, "requests", lambda s: REQUESTS(s, most_origins=220))
    for number, instances in enumerate(REQUESTS(shard, most_origins=220)):
        body = endpoint.body(shard, instances)
        model(body, shards.answer(body, trained=number == 0))
    with pytest.raises(ModelFailed, match="an LSTM's forecast for some tickers only"):
        forecast.handler(EVENT, context)
    assert working_files(buckets) == ["runs/us-0123456789ab/shards/00000.npz"]


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        ("ModelError", 503, Transient),
        ("ModelError", 500, Transient),
        ("ModelError", 0, Transient),
        ("ModelError", 429, Transient),
        ("ModelError", 400, ModelFailed),
        ("InternalDependencyException", None, Transient),
        ("ModelNotReadyException", None, Transient),
        ("ThrottlingException", None, Transient),
        ("ServiceUnavailable", None, Transient),
    ],
)
def test_a_refusal_may_pass_or_not(shard, stub, context, code, status, outcome):
    told = {} if status is None else {"OriginalStatusCode": status, "OriginalMessage": "out of memory"}
    stub("sagemaker-runtime").add_client_error("invoke_endpoint", code, "Received an error", modeled_fields=told)
    with pytest.raises(outcome, match="out of memory" if status is not None else "Received an error"):
        forecast.handler(EVENT, context)


def test_a_refusal_of_the_call_itself_stays_what_it_is(shard, stub, context):
    stub("sagemaker-runtime").add_client_error("invoke_endpoint", "ValidationError", "Endpoint stocks-us-1 not found.")
    with pytest.raises(Exception, match="stocks-us-1 not found"):
        forecast.handler(EVENT, context)


def test_an_answer_that_is_no_forecast_writes_nothing(shard, model, context, buckets):
    for instances in endpoint.requests(shard):
        model(endpoint.body(shard, instances), json.dumps({"predictions": []}).encode())
    with pytest.raises(ModelFailed, match="expected"):
        forecast.handler(EVENT, context)
    assert working_files(buckets) == ["runs/us-0123456789ab/shards/00000.npz"]


def working_files(buckets):
    return [found["Key"] for found in buckets.list_objects_v2(Bucket="work")["Contents"]]


JOB = "stocks-us-1"
READS = EVENT | {"endpoint_name": "", "job_name": JOB}


def transform(shard, buckets, folder="", names=lambda name: name):
    """Answer what Write requests asks, as a transform job does, below a folder of its answers."""
    assert write_requests.handler({"run": RUN, "shard": 0}, CONTEXT) == {"shard": 0}
    found = buckets.list_objects_v2(Bucket="work", Prefix="runs/us-0123456789ab/requests/")["Contents"]
    for item in found:
        body = buckets.get_object(Bucket="work", Key=item["Key"])["Body"].read()
        name = names(item["Key"].rpartition("/")[2])
        if name:
            key = f"runs/us-0123456789ab/answers/{JOB}/{folder}{name}.out"
            buckets.put_object(Bucket="work", Key=key, Body=shards.answer(body))
    return len(found)


@pytest.fixture
def many(monkeypatch):
    monkeypatch.setattr(endpoint, "requests", lambda s: REQUESTS(s, most_origins=200))


# AWS's page says once that an answer lies beside the others, and once that it lies below the requests' folder.
@pytest.mark.parametrize("folder", ["", "requests/"])
def test_a_transform_jobs_answers_give_the_files_that_an_endpoints_give(shard, model, context, buckets, many, folder):
    for instances in REQUESTS(shard, most_origins=200):
        body = endpoint.body(shard, instances)
        model(body, shards.answer(body))
    forecast.handler(EVENT, context)
    keys = [f"runs/us-0123456789ab/{kind}/00000.npz" for kind in ("forecasts", "histograms")]
    served = [buckets.get_object(Bucket="work", Key=key)["Body"].read() for key in keys]
    for key in keys:
        buckets.delete_object(Bucket="work", Key=key)
    assert transform(shard, buckets, folder) > 1
    assert forecast.handler(READS, context) == {"shard": 0}
    assert [buckets.get_object(Bucket="work", Key=key)["Body"].read() for key in keys] == served


def test_an_answer_that_is_missing_names_its_request(shard, context, buckets, many):
    transform(shard, buckets, names=lambda name: "" if "-00001" in name else name)
    with pytest.raises(ModelFailed, match=rf"{JOB} left no answer to s3://work/runs/.*/requests/00000-00001\.json"):
        forecast.handler(READS, context)


def test_an_answer_to_another_request_is_no_forecast(shard, context, buckets, many):
    others = {"00000-00000.json": "00000-00001.json", "00000-00001.json": "00000-00000.json"}
    transform(shard, buckets, names=lambda name: others.get(name, name))
    with pytest.raises(ModelFailed, match="the endpoint answered"):
        forecast.handler(READS, context)


def test_an_answer_that_is_cut_is_no_forecast(shard, context, buckets):
    transform(shard, buckets)
    key = f"runs/us-0123456789ab/answers/{JOB}/00000-00000.json.out"
    whole = buckets.get_object(Bucket="work", Key=key)["Body"].read()
    buckets.put_object(Bucket="work", Key=key, Body=whole[: len(whole) // 2])
    with pytest.raises(ModelFailed, match="not a forecast"):
        forecast.handler(READS, context)


def test_the_answers_of_another_attempt_are_not_read(shard, context, buckets):
    transform(shard, buckets)
    with pytest.raises(ModelFailed, match="left no answer"):
        forecast.handler(READS | {"job_name": f"{JOB}0"}, context)
