"""Judge the whole file after Split and Scale: its bad rows together, and whether any ticker is usable."""

from common import telemetry, working
from common.errors import RejectedFile
from common.events import CheckDataResult, LambdaContext, RunEvent
from common.settings import settings
from stocks.reading import verdict
from stocks.reading.rejected import Unusable


@telemetry.step
def handler(event: RunEvent, context: LambdaContext) -> CheckDataResult:
    run = event["run"]
    manifest = working.get_json(run, "manifest")
    data = total(manifest, [working.get_json(run, "scaled", shard) for shard in range(run["shards"])])
    counts: CheckDataResult = {
        "rows": data["rows"],
        "rejected_rows": data["rejected_rows"],
        "tickers": data["tickers"],
        "skipped": len(data["skipped"]),
    }
    record(counts, run["dataset"])
    check(data, manifest, settings().bad_row_tolerance)
    working.put_json(run, "data", data)
    return counts


def total(manifest: dict, scaled: list[dict]) -> dict:
    """The file's counts: every data row, the rejected ones of both steps, usable tickers, and the skipped by name."""
    return {
        "rows": manifest["rows"],
        "rejected_rows": manifest["rejected_rows"] + sum(shard["rejected_rows"] for shard in scaled),
        "tickers": sum(shard["tickers"] for shard in scaled),
        "skipped": sorted((skip for shard in scaled for skip in shard["skipped"]), key=lambda skip: skip["ticker"]),
    }


def record(counts: CheckDataResult, dataset: str) -> None:
    telemetry.count("Rows", counts["rows"], dataset)
    telemetry.count("RejectedRows", counts["rejected_rows"], dataset)
    telemetry.count("Tickers", counts["tickers"], dataset)
    telemetry.count("SkippedTickers", counts["skipped"], dataset)


def check(data: dict, manifest: dict, tolerance: float) -> None:
    """Raise RejectedFile where the file as a whole is of no use."""
    bad, test_from = data["rejected_rows"], manifest["cuts"]["test_from"]
    try:
        verdict.judge_sorted(data["rows"], bad, data["tickers"], data["skipped"], test_from, tolerance)
    except Unusable as reason:
        source = manifest["source"]
        raise RejectedFile(f"{reason}: s3://{source['bucket']}/{source['key']}") from None
