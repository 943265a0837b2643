"""Find each ticker's bounds, set aside the tickers that are too short, and say what looks wrong in the prices."""

from common import telemetry, working
from common.events import LambdaContext, ShardEvent, ShardResult
from stocks import series
from stocks.health import check


@telemetry.step
def handler(event: ShardEvent, context: LambdaContext) -> ShardResult:
    run, number = event["run"], event["shard"]
    data = working.get_json(run, "data")
    cuts = data["cuts"]
    shard = series.build(working.get_arrays(run, "rows", number), cuts)
    usable = series.usable(shard)
    for kind, wanted in (("shards", usable), ("skipped", ~usable)):
        working.put_arrays(run, kind, shard.select(wanted).arrays(), number)
    health = check.by_ticker(shard, check.find(shard, data["votes"]))
    working.put_json(run, "scaled", {"skipped": series.skipped(shard, cuts), "health": health}, number)
    return {"shard": number}
