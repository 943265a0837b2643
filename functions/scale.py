"""Find each ticker's row bounds and MinMax bounds, and set aside the tickers that are too short."""

from common import telemetry, working
from common.events import LambdaContext, ShardEvent, ShardResult
from stocks import series


@telemetry.step
def handler(event: ShardEvent, context: LambdaContext) -> ShardResult:
    run, number = event["run"], event["shard"]
    cuts = working.get_json(run, "data")["cuts"]
    shard = series.build(working.get_arrays(run, "rows", number), cuts)
    usable = series.usable(shard)
    for kind, wanted in (("shards", usable), ("skipped", ~usable)):
        working.put_arrays(run, kind, shard.select(wanted).arrays(), number)
    working.put_json(run, "scaled", {"skipped": series.skipped(shard, cuts)}, number)
    return {"shard": number}
