"""Join one shard's prices and forecasts, write them as tables, and leave the sums that the metrics need."""

from common import keys, storage, telemetry, working
from common.settings import settings
from stocks import metrics, predictions, schemas


@telemetry.step
def handler(event, context):
    run, number = event["run"], event["shard"]
    lake = settings().lake_bucket
    shard, skipped, baseline, forecasts = (
        working.get_arrays(run, kind, number) for kind in ("shards", "skipped", "baseline", "forecasts")
    )
    rows = predictions.join(shard, baseline, forecasts, working.get_arrays(run, "calibration"))
    part = keys.part(number)
    storage.put(lake, keys.lake("predictions", run, part), schemas.predictions(rows, shard["tickers"]))
    storage.put(lake, keys.lake("prices", run, part), schemas.prices(shard, skipped))
    working.put_arrays(run, "scores", metrics.score(rows, shard), number)
    if number == 0:
        delete_other_parts(lake, run)
    return {"shard": number, "rows": len(rows["ticker"])}


def delete_other_parts(lake: str, run: dict) -> None:
    """Delete parts that an earlier try with more shards left in this run's partitions."""
    for table in ("predictions", "prices"):
        keep = {keys.lake(table, run, keys.part(number)) for number in range(run["shards"])}
        storage.delete_others(lake, keys.lake(table, run), keep)
