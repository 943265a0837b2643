"""Pool the shards' scores into one stretch per origin day, horizon and interval."""

from common import telemetry, working
from common.events import CalibrateResult, LambdaContext, RunEvent
from stocks import intervals


@telemetry.step
def handler(event: RunEvent, context: LambdaContext) -> CalibrateResult:
    run = event["run"]
    histograms = working.of_shards(run, lambda number: working.get_arrays(run, "histograms", number))
    calibration = intervals.stretches(intervals.pool(histograms))
    working.put_arrays(run, "calibration", calibration)
    return {"origins": len(calibration["day"])}
