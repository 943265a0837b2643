"""Judge the whole file after Split and Scale: its bad rows together, and whether any ticker is usable."""

from common import telemetry, working
from common.errors import RejectedFile
from common.settings import settings
from stocks.reading import verdict
from stocks.reading.rejected import Unusable

METRICS = {"rows": "Rows", "rejected_rows": "RejectedRows", "tickers": "Tickers", "skipped": "SkippedTickers"}


@telemetry.step
def handler(event, context):
    run = event["run"]
    manifest = working.get_json(run, "manifest")
    data = total(manifest, [working.get_json(run, "scaled", shard) for shard in range(run["shards"])])
    counts = data | {"skipped": len(data["skipped"])}
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


def record(counts: dict, dataset: str) -> None:
    for name, metric in METRICS.items():
        telemetry.count(metric, counts[name], dataset)


def check(data: dict, manifest: dict, tolerance: float) -> None:
    """Raise RejectedFile where the file as a whole is of no use."""
    bad, test_from = data["rejected_rows"], manifest["cuts"]["test_from"]
    try:
        verdict.judge_sorted(data["rows"], bad, data["tickers"], data["skipped"], test_from, tolerance)
    except Unusable as reason:
        source = manifest["source"]
        raise RejectedFile(f"{reason}: s3://{source['bucket']}/{source['key']}") from None
