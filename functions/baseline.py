"""Forecast one shard with naive, drift and the tutorial's Random Forest."""

from common import telemetry, working
from common.events import LambdaContext, ShardEvent, ShardResult
from stocks import baseline
from stocks.series import Shard


@telemetry.step
def handler(event: ShardEvent, context: LambdaContext) -> ShardResult:
    run, number = event["run"], event["shard"]
    shard = Shard.from_arrays(working.get_arrays(run, "shards", number))
    working.put_arrays(run, "baseline", baseline.forecast(shard), number)
    return {"shard": number}
