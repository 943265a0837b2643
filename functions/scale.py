"""Sort one shard's rows by ticker and day, and find each ticker's row bounds and MinMax bounds."""

import storage
import telemetry
from settings import settings
from stocks import keys, series
from stocks.reading import rejected


@telemetry.step
def handler(event, context):
    config, run, number = settings(), event["run"], event["shard"]
    cuts = storage.get_json(config.work_bucket, keys.work(run["run_id"], "manifest.json"))["cuts"]
    rows = storage.get_arrays(config.work_bucket, keys.shard(run["run_id"], "rows", number))
    shard, refused = series.build(rows, cuts)
    usable = series.usable(shard)
    for kind, wanted in (("shards", usable), ("skipped", ~usable)):
        storage.put_arrays(config.work_bucket, keys.shard(run["run_id"], kind, number), series.select(shard, wanted))
    if refused:
        listed = keys.lake("rejected", run, f"{number:05d}.csv")
        storage.put(config.lake_bucket, listed, rejected.to_csv(refused), "text/csv")
    report = {
        "rows": len(shard["days"]),
        "rejected_rows": len(refused),
        "tickers": int(usable.sum()),
        "skipped": series.skipped(shard, cuts),
    }
    storage.put_json(config.work_bucket, keys.shard(run["run_id"], "scaled", number, "json"), report)
    return {"shard": number}
