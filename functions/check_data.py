"""Judge the whole file after Split and Scale: its bad rows together, and whether any ticker is usable."""

import storage
import telemetry
from errors import RejectedFile
from settings import settings
from stocks import keys

METRICS = {"rows": "Rows", "rejected_rows": "RejectedRows", "tickers": "Tickers", "skipped": "SkippedTickers"}
NAMED = 5


@telemetry.step
def handler(event, context):
    config, run = settings(), event["run"]
    manifest = storage.get_json(config.work_bucket, keys.work(run["run_id"], "manifest.json"))
    scaled = [
        storage.get_json(config.work_bucket, keys.shard(run["run_id"], "scaled", shard, "json"))
        for shard in range(run["shards"])
    ]
    data = total(manifest, scaled)
    counts = data | {"skipped": len(data["skipped"])}
    record(counts, run["dataset"])
    check(data, manifest, config.bad_row_tolerance, f"s3://{config.lake_bucket}/{keys.lake('rejected', run)}")
    storage.put_json(config.work_bucket, keys.work(run["run_id"], "data.json"), data)
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


def check(data: dict, manifest: dict, tolerance: float, listed: str) -> None:
    """Raise RejectedFile where the file as a whole is of no use."""
    file = f"s3://{manifest['source']['bucket']}/{manifest['source']['key']}"
    bad = data["rejected_rows"]
    if bad > tolerance * data["rows"]:
        unlike = bad - manifest["rejected_rows"]
        raise RejectedFile(
            f"{file}: {bad} of {data['rows']} rows cannot be used, more than the accepted share of {tolerance:.2%}; "
            f"{unlike} of them have the ticker and date of an earlier row with other values; "
            f"they are listed with line numbers in {listed}"
        )
    if not data["tickers"]:
        named = [f"{skip['ticker']}: {skip['reason']}" for skip in data["skipped"]]
        more = ["..."] if len(named) > NAMED else []
        raise RejectedFile(f"{file}: no ticker of {len(named)} can be forecast; {'; '.join(named[:NAMED] + more)}")
