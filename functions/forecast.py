"""Ask the endpoint for one shard's forecasts, and score those whose target day has come."""

import functools

from botocore.exceptions import ClientError

from common import aws, telemetry, working
from common.errors import ModelFailed, Transient
from common.events import ForecastEvent, LambdaContext, ShardResult
from stocks import endpoint, intervals
from stocks.series import Shard

# Runtime errors that pass, beside those telemetry knows: the model's container is out of reach or still loading.
PASSING = {"InternalDependencyException", "ModelNotReadyException"}


@telemetry.step
def handler(event: ForecastEvent, context: LambdaContext) -> ShardResult:
    run, number, name = event["run"], event["shard"], event["endpoint_name"]
    shard = Shard.from_arrays(working.get_arrays(run, "shards", number))
    aws.runtime()  # made here, because the threads that ask would each make one
    try:
        forecasts = endpoint.forecasts(shard, functools.partial(invoke, name))
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
