"""Join one shard's prices and forecasts, write them as tables, and leave the sums that the metrics need."""

import storage
import telemetry
from settings import settings
from stocks import keys, metrics, predictions, tables


@telemetry.step
def handler(event, context):
    run, number = event["run"], event["shard"]
    work, lake = settings().work_bucket, settings().lake_bucket
    shard, skipped, baseline, forecasts = (
        storage.get_arrays(work, keys.shard(run["run_id"], kind, number))
        for kind in ("shards", "skipped", "baseline", "forecasts")
    )
    calibration = storage.get_arrays(work, keys.work(run["run_id"], "calibration.npz"))
    rows = predictions.join(shard, baseline, forecasts, calibration)
    part = keys.part(number)
    storage.put(lake, keys.lake("predictions", run, part), tables.predictions(rows, shard["tickers"]))
    storage.put(lake, keys.lake("prices", run, part), tables.prices(shard, skipped))
    storage.put_arrays(work, keys.shard(run["run_id"], "scores", number), metrics.score(rows, shard))
    if number == 0:
        delete_other_parts(lake, run)
    return {"shard": number, "rows": len(rows["ticker"])}


def delete_other_parts(lake: str, run: dict) -> None:
    """Delete parts that an earlier try with more shards left in this run's partitions."""
    for table in ("predictions", "prices"):
        keep = {keys.lake(table, run, keys.part(number)) for number in range(run["shards"])}
        storage.delete_others(lake, keys.lake(table, run), keep)
