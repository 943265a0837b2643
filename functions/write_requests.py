"""Write what a transform job is asked about one shard: the bodies that an endpoint would get, each as an object."""

from common import keys, storage, telemetry, working
from common.events import LambdaContext, ShardEvent, ShardResult
from common.settings import settings
from stocks import endpoint
from stocks.series import Shard


@telemetry.step
def handler(event: ShardEvent, context: LambdaContext) -> ShardResult:
    run, number, bucket = event["run"], event["shard"], settings().work_bucket
    shard = Shard.from_arrays(working.get_arrays(run, "shards", number))
    for count, body in enumerate(endpoint.bodies(shard)):
        storage.put(bucket, keys.request(run["run_id"], number, count), body, "application/json")
    return {"shard": number}
