"""Sort one shard's rows by ticker and day, and find each ticker's row bounds and MinMax bounds."""

from common import keys, storage, telemetry, working
from common.events import LambdaContext, ShardEvent, ShardResult
from common.settings import settings
from stocks import series
from stocks.reading import rejected


@telemetry.step
def handler(event: ShardEvent, context: LambdaContext) -> ShardResult:
    run, number = event["run"], event["shard"]
    cuts = working.get_json(run, "manifest")["cuts"]
    shard, refused = series.build(working.get_arrays(run, "rows", number), cuts)
    usable = series.usable(shard)
    for kind, wanted in (("shards", usable), ("skipped", ~usable)):
        working.put_arrays(run, kind, shard.select(wanted).arrays(), number)
    if refused:
        listed = keys.lake("rejected", run, f"{number:05d}.csv")
        storage.put(settings().lake_bucket, listed, rejected.to_csv(refused), "text/csv")
    report = {
        "rows": len(shard.days),
        "rejected_rows": len(refused),
        "tickers": int(usable.sum()),
        "skipped": series.skipped(shard, cuts),
    }
    working.put_json(run, "scaled", report, number)
    return {"shard": number}
