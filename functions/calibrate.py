"""Pool the shards' scores into one stretch per origin day, horizon and interval."""

import storage
import telemetry
from settings import settings
from stocks import intervals, keys


@telemetry.step
def handler(event, context):
    run = event["run"]
    work = settings().work_bucket
    shards = (keys.shard(run["run_id"], "histograms", number) for number in range(run["shards"]))
    calibration = intervals.stretches(intervals.pool(storage.get_arrays(work, key) for key in shards))
    storage.put_arrays(work, keys.work(run["run_id"], "calibration.npz"), calibration)
    return {"origins": len(calibration["day"])}
