"""Write what a transform job is asked: the bodies that an endpoint would get, each as an object."""

from common import keys, storage, telemetry, working
from common.events import LambdaContext, ShardEvent, ShardResult
from common.settings import settings
from stocks import endpoint
from stocks.series import Shard

CALLS = 64  # at most of a run, as the machine's Map has iterations: a call writes those of every so many shards


@telemetry.step
def handler(event: ShardEvent, context: LambdaContext) -> ShardResult:
    run, bucket = event["run"], settings().work_bucket
    for number in range(event["shard"], run["shards"], CALLS):
        shard = Shard.from_arrays(working.get_arrays(run, "shards", number))
        for count, body in enumerate(endpoint.bodies(shard)):
            storage.put(bucket, keys.request(run["run_id"], number, count), body, "application/json")
    return {"shard": event["shard"]}
