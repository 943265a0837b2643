"""Forecast one shard with naive, drift and the lab's Random Forest."""

import storage
import telemetry
from settings import settings
from stocks import baseline, keys


@telemetry.step
def handler(event, context):
    run, number = event["run"], event["shard"]
    work = settings().work_bucket
    shard = storage.get_arrays(work, keys.shard(run["run_id"], "shards", number))
    storage.put_arrays(work, keys.shard(run["run_id"], "baseline", number), baseline.forecast(shard))
    return {"shard": number}
