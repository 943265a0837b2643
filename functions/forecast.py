"""Ask the endpoint for one shard's forecasts, or read a transform job's answers, and score those of days that came."""

import functools
from collections.abc import Callable

from botocore.exceptions import ClientError

from common import aws, keys, storage, telemetry, working
from common.errors import ModelFailed, Transient
from common.events import ForecastEvent, LambdaContext, NamedRun, ShardResult
from common.settings import settings
from stocks import endpoint, intervals
from stocks.series import Shard

# Runtime errors that pass, beside those telemetry knows: the model's container is out of reach or still loading.
PASSING = {"InternalDependencyException", "ModelNotReadyException"}


@telemetry.step
def handler(event: ForecastEvent, context: LambdaContext) -> ShardResult:
    run, number = event["run"], event["shard"]
    shard = Shard.from_arrays(working.get_arrays(run, "shards", number))
    aws.runtime()  # made here, because the threads that ask would each make one
    try:
        if event["job_name"]:
            forecasts = endpoint.forecasts_of(shard, answers(run, number, event["job_name"]))
        else:
            forecasts = endpoint.forecasts(shard, functools.partial(invoke, event["endpoint_name"]))
    except endpoint.NotAForecast as error:
        raise ModelFailed(str(error)) from error
    working.put_arrays(run, "forecasts", forecasts, number)
    working.put_arrays(run, "histograms", intervals.histogram(shard, forecasts), number)
    return {"shard": number}


def invoke(name: str, body: bytes) -> bytes:
    """The endpoint's answer. Raises Transient for what may pass, ModelFailed where the model refused the request."""
    try:
        answer = aws.runtime().invoke_endpoint(
            EndpointName=name, ContentType="application/json", Accept="application/json", Body=body
        )
    except ClientError as error:
        raise _outcome(error) from error
    return answer["Body"].read()


def answers(run: NamedRun, shard: int, job_name: str) -> Callable[[int], bytes]:
    """What the transform job answered to the shard's request of a number. Raises ModelFailed where it left no answer.

    AWS names the answer's file for the request's, and says two things about the folder: so the name alone counts.
    """
    bucket, prefix = settings().work_bucket, keys.answers(run["run_id"], job_name)
    found = {key.rpartition("/")[2]: key for key in (item["Key"] for item in storage.listed(bucket, prefix))}

    def answer(number: int) -> bytes:
        asked = keys.request(run["run_id"], shard, number)
        key = found.get(f"{asked.rpartition('/')[2]}.out")
        if key is None:
            raise ModelFailed(f"transform job {job_name} left no answer to s3://{bucket}/{asked}")
        return storage.get(bucket, key)

    return answer


def _outcome(error: ClientError) -> Exception:
    """What a refusal means: the model's own 5xx and 429 may pass, its other answers will not change.

    SageMaker says 0 where the container did not answer in time, or its process had died.
    """
    code = error.response["Error"]["Code"]
    if code in PASSING:
        return Transient(str(error))
    if code != "ModelError":
        return error
    status = int(str(error.response.get("OriginalStatusCode", 500)))
    outcome = Transient if status >= 500 or status in (0, 429) else ModelFailed
    return outcome(f"the model answered {status}: {error.response.get('OriginalMessage', error)}")
