"""Join one shard's prices and forecasts, write them as tables, and leave what Summarize needs of them."""

from common import attempts, keys, storage, telemetry, working
from common.events import LambdaContext, PublishResult, ShardEvent
from common.settings import settings
from stocks import metrics, predictions, schemas
from stocks.reporting import charts
from stocks.series import Shard


@telemetry.step
def handler(event: ShardEvent, context: LambdaContext) -> PublishResult:
    run, number = event["run"], event["shard"]
    setting = settings()
    shard, skipped = (Shard.from_arrays(working.get_arrays(run, kind, number)) for kind in ("shards", "skipped"))
    baseline, forecasts = (working.get_arrays(run, kind, number) for kind in ("baseline", "forecasts"))
    rows = predictions.join(shard, baseline, forecasts, working.get_arrays(run, "calibration"))
    part = keys.part(number)
    storage.put(setting.lake_bucket, keys.lake("predictions", run, part), schemas.predictions(rows, shard.tickers))
    storage.put(setting.lake_bucket, keys.lake("prices", run, part), schemas.prices(shard, skipped))
    working.put_arrays(run, "scores", metrics.score(rows, shard), number)
    drawn = charts.of_shard(rows, shard.tickers, working.get_json(run, "data")["tickers"])
    working.put_json(run, "charts", {"charts": drawn}, number)
    if number == 0:
        attempts.remove_other_parts(setting, run, ("predictions", "prices"))
    return {"shard": number, "rows": len(rows["ticker"])}
