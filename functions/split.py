"""Claim the run of a dropped file, set its bad rows aside, find the time cuts and route its rows to shards.

One streaming pass: accepted rows wait on disk by shard, so memory grows neither with the file nor with its lines.
"""

import contextlib
import datetime
import gzip
import math
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aws
import claims
import storage
import telemetry
from errors import RejectedFile
from settings import Settings, settings
from stocks import keys, series
from stocks.reading import prices, rejected
from stocks.reading.intake import Intake
from stocks.reading.lines import Stream

MOST_SHARDS = 128
GZIP_RATIO = 4
PLACE = "incoming/<dataset>/<name>.csv or .csv.gz"


@telemetry.step
def handler(event, context):
    config, source = settings(), {name: event[name] for name in ("bucket", "key", "version_id")}
    if reason := ignored(source["key"]):
        return answer("ignored", reason)
    dataset, name = address(source)
    run = {"run_id": keys.run_id(dataset, **source), "dataset": dataset}
    telemetry.logger.append_keys(**run)
    claim = claims.claim(config, run["run_id"], event["execution_arn"])
    if claim["execution_arn"] != event["execution_arn"]:
        return answer("duplicate", f"this file belongs to execution {claim['execution_arn']}", run)
    claims.remove_leftovers(config, run)
    shards = shard_count(event["size"], name, config.shard_kilobytes)
    found = split(config, run, shards, source, name)
    manifest = run | {"shards": shards, "source": source, "started": claim["claimed"]} | found
    storage.put_json(config.work_bucket, keys.work(run["run_id"], "manifest.json"), manifest)
    return answer("accepted", "", run, shards)


def answer(status: str, reason: str, run: dict | None = None, shards: int = 0) -> dict:
    """Every status has every field, so that the machine's expressions find them."""
    return {"status": status, "reason": reason, "run_id": "", "dataset": "", "shards": shards} | (run or {})


def ignored(key: str) -> str:
    """Why an object is neither data nor a mistake, or an empty string."""
    if key.endswith("/"):
        return "a folder marker"
    if re.fullmatch(r"incoming/[^/]+/settings\.json", key):
        return "settings are not data"
    return ""


def address(source: dict[str, str]) -> tuple[str, str]:
    """The dataset and the file's name from the key. Raises RejectedFile where the key breaks the rule."""
    _, *folders, name = source["key"].split("/")
    if len(folders) != 1:
        raise RejectedFile(f"{uri(source)} is not directly in a dataset folder; accepted is {PLACE}")
    dataset = keys.dataset(source["key"])
    if not dataset:
        raise RejectedFile(
            f"{uri(source)}: the folder {rejected.show(folders[0])} cannot name a dataset; "
            "accepted is a letter, then up to 39 letters, digits or hyphens"
        )
    if not name.lower().endswith((".csv", ".csv.gz")):
        raise RejectedFile(f"{uri(source)} is neither .csv nor .csv.gz by its name; accepted is {prices.ACCEPTED}")
    return dataset, name


def uri(source: dict[str, str]) -> str:
    return f"s3://{source['bucket']}/{source['key']}"


def stem(name: str) -> str:
    return re.sub(r"\.csv(\.gz)?$", "", name, flags=re.IGNORECASE)


def is_gzipped(name: str) -> bool:
    return name.lower().endswith(".gz")


def shard_count(size: int, name: str, shard_kilobytes: int) -> int:
    """One shard for each shard_kilobytes of text, estimated from the object's size."""
    characters = size * (GZIP_RATIO if is_gzipped(name) else 1)
    return min(max(math.ceil(characters / (shard_kilobytes * 1024)), 1), MOST_SHARDS)


def split(config: Settings, run: dict, shards: int, source: dict[str, str], name: str) -> dict:
    """Write the run's rows and rejected rows; the counts and cuts for the manifest. Raises RejectedFile."""
    with tempfile.TemporaryDirectory() as folder, opened(source, name) as (stream, uploaded):
        intake = Intake(Path(folder), shards)
        try:
            tomorrow = series.day_of(uploaded.date().isoformat()) + 1  # it may have begun where the prices come from
            intake.read(stream, stem(name), tomorrow)
            cuts = {} if intake.has_too_many(config.bad_row_tolerance) else intake.cuts(config.test_fraction)
        except rejected.Unusable as error:
            listed = put_rejected(config, run, [*intake.kept, error.rejected])
            raise RejectedFile(f"{uri(source)}: {error}; accepted is {prices.ACCEPTED}; see {listed}") from None
        listed = put_rejected(config, run, intake.kept) if intake.kept else ""
        if not cuts:
            raise RejectedFile(
                f"{uri(source)}: {intake.bad} of {intake.rows} rows cannot be used, more than the accepted share of "
                f"{config.bad_row_tolerance:.2%}: {rejected.examples(intake.kept)}; they are listed in {listed}"
            )
        for shard in range(shards):
            key = keys.shard(run["run_id"], "rows", shard)
            storage.put_arrays(config.work_bucket, key, intake.shard(shard), compress=False)
    return {"uploaded": uploaded.isoformat(), "rows": intake.rows, "rejected_rows": intake.bad, "cuts": cuts}


def put_rejected(config: Settings, run: dict, rows: list[rejected.Rejected]) -> str:
    key = keys.lake("rejected", run, "split.csv")
    return storage.put(config.lake_bucket, key, rejected.to_csv(rows), "text/csv")


@contextlib.contextmanager
def opened(source: dict[str, str], name: str) -> Iterator[tuple[Stream, datetime.datetime]]:
    """The text of exactly this version of the object, and when it was uploaded.

    Raises RejectedFile where the version has been deleted.
    """
    s3 = aws.client("s3")
    try:
        found = s3.get_object(Bucket=source["bucket"], Key=source["key"], VersionId=source["version_id"])
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
            raise RejectedFile(f"{uri(source)} was deleted before it was read; upload it again") from None
        raise
    with contextlib.closing(found["Body"]) as body:
        yield gzip.GzipFile(fileobj=body) if is_gzipped(name) else body, found["LastModified"]
