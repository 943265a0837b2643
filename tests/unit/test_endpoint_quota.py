"""What Start training asks of the account before a training is paid for."""

import pytest

import start_training
from common import keys
from common.errors import NoQuota, QuotaReached
from tests.support.plans import draw, lead, put_verdict, run_of, upload_rows

RUN = run_of(shards=2)
EVENT = {"run": RUN, "execution_name": "e1", "attempt": 0}
NAME = keys.resource_name("stocks", RUN, "e1")


@pytest.fixture(autouse=True)
def leads(buckets):
    """The run has a plan, and its execution leads the dataset."""
    lead(draw(put_verdict(upload_rows()), shards=2))


def quota(kind: str, use: str, value: float) -> dict:
    return {"QuotaName": f"{kind} for {use} usage", "QuotaCode": "L-2F737F8D", "Value": value}


def answer(stub, *pages: list[dict]) -> None:
    """What Service Quotas lists, page by page."""
    for number, page in enumerate(pages):
        more = {"NextToken": str(number)} if number + 1 < len(pages) else {}
        stub("service-quotas").add_response("list_service_quotas", {"Quotas": page, **more})


def test_nothing_is_trained_where_the_account_may_have_no_endpoint(buckets, sagemaker, context, stub):
    answer(stub, [quota("ml.m5.large", "training job", 4.0)], [quota("ml.m5.large", "endpoint", 0.0)])
    with pytest.raises(NoQuota) as refused:
        start_training.handler(EVENT, context)
    assert "'ml.m5.large for endpoint usage' is 0" in str(refused.value)
    assert "request-service-quota-increase --service-code sagemaker --quota-code L-2F737F8D --desired-value 1" in str(
        refused.value
    )
    assert sagemaker.names("TrainingJob") == []


def test_where_a_transform_job_answers_its_quota_counts(buckets, sagemaker, context, stub, monkeypatch):
    monkeypatch.setenv("ENDPOINT_MODE", "transform")
    answer(stub, [quota("ml.m5.large", "endpoint", 1.0), quota("ml.m5.large", "transform job", 0.0)])
    with pytest.raises(NoQuota, match=r"'ml\.m5\.large for transform job usage' is 0, too few for the transform job"):
        start_training.handler(EVENT, context)
    assert sagemaker.names("TrainingJob") == []


@pytest.mark.parametrize(
    "page",
    [
        [quota("ml.m5.large", "endpoint", 1.0)],
        [quota("ml.m5.xlarge", "endpoint", 0.0), quota("ml.m5.large", "transform job", 0.0)],
        [],
    ],
)
def test_a_quota_that_suffices_or_is_not_listed_lets_the_run_go_on(buckets, sagemaker, context, stub, page):
    answer(stub, page)
    assert start_training.handler(EVENT, context) == {"job_name": NAME}


def test_a_question_that_is_refused_lets_the_run_go_on(buckets, sagemaker, context, stub):
    stub("service-quotas").add_client_error("list_service_quotas", "AccessDeniedException", "not authorized")
    assert start_training.handler(EVENT, context) == {"job_name": NAME}


def test_a_run_asks_once_however_often_it_waits_for_an_instance(buckets, sagemaker, context, stub):
    answer(stub, [quota("ml.m5.large", "endpoint", 1.0)])  # and no more
    sagemaker.quotas["TrainingJob"] = 1
    sagemaker.add("TrainingJob", "other", "InProgress")
    for _ in range(3):  # 120 tries
        with pytest.raises(QuotaReached):
            start_training.handler(EVENT, context)
    sagemaker.quotas["TrainingJob"] = 2
    assert start_training.handler(EVENT, context) == {"job_name": NAME}
    sagemaker.quotas["TrainingJob"] = 3
    later = start_training.handler(EVENT | {"attempt": 1}, context)
    assert later == {"job_name": keys.resource_name("stocks", RUN, "e1", 1)}


def test_a_list_that_takes_long_is_left(buckets, sagemaker, context, stub, monkeypatch):
    monkeypatch.setattr(start_training.sagemaker, "QUOTA_SECONDS", -1)
    stub("service-quotas").add_response("list_service_quotas", {"Quotas": [], "NextToken": "1"})
    assert start_training.handler(EVENT, context) == {"job_name": NAME}
