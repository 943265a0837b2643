"""Claim the run of a dropped file, set its bad rows aside, find the time cuts and route its rows to shards.

One streaming pass: accepted rows wait on disk by shard, so memory grows neither with the file nor with its lines.
"""

import contextlib
import dataclasses
import datetime
import errno
import gzip
import math
import re
import tempfile
import zlib
from binascii import crc32
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import aws
import claims
import storage
import telemetry
from errors import RejectedFile
from settings import Settings, settings
from stocks import keys, prices, rejected, series, text
from stocks.dates import FIRST_DAY, LAST_DAY

MOST_SHARDS = 128
MOST_TICKERS = 200_000
MOST_SHARD_ROWS = 2_000_000  # what this step and Scale can hold at once
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
def opened(source: dict[str, str], name: str) -> Iterator[tuple[text.Stream, datetime.datetime]]:
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


@dataclasses.dataclass
class Intake:
    """What has been read of a file: counts, days, the first rejected rows and, on disk, each shard's rows."""

    folder: Path
    shards: int
    rows: int = 0
    bad: int = 0
    kept: list[rejected.Rejected] = dataclasses.field(default_factory=list)
    tickers: dict[str, int] = dataclasses.field(default_factory=dict)
    shard_of: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.uint8))
    days: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(LAST_DAY - FIRST_DAY + 1, np.int64))

    def read(self, stream: text.Stream, ticker: str, until: int = LAST_DAY) -> None:
        """Take in the whole stream; days after `until` are bad rows. Raises Unusable."""
        try:
            for block in prices.read(stream, ticker, self.tickers, until=until):
                self.rows += len(block.rows) + len(block.rejected)
                self.bad += len(block.rejected)
                self.kept += block.rejected[: rejected.KEEP - len(self.kept)]
                self.days += np.bincount(block.rows["day"] - FIRST_DAY, minlength=len(self.days))
                self.route(block.rows)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise rejected.Unusable("the file is named .gz but is no gzip data, or is damaged or cut short") from None
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise rejected.Unusable(f"the file has more rows than fit ({self.rows}); drop it in parts") from None
            raise

    def route(self, rows: np.ndarray) -> None:
        """Append each row to the file of its shard, which the ticker alone decides."""
        if len(self.tickers) > MOST_TICKERS:
            raise rejected.Unusable(f"the file has more than {MOST_TICKERS:,} tickers; drop it in parts")
        new = list(self.tickers)[len(self.shard_of) :]
        self.shard_of = np.append(self.shard_of, np.array([crc32(t.encode()) % self.shards for t in new], np.uint8))
        target = self.shard_of[rows["ticker"]]
        for shard in np.unique(target).tolist():
            with self.file(shard).open("ab") as file:
                rows[target == shard].tofile(file)
                if file.tell() > MOST_SHARD_ROWS * rows.itemsize:
                    raise rejected.Unusable(self.crowded(shard))

    def crowded(self, shard: int) -> str:
        names = [ticker for ticker, of in zip(self.tickers, self.shard_of.tolist(), strict=True) if of == shard]
        return (
            f"{rejected.show(names[0])} and the {len(names) - 1} tickers that share its shard have more than "
            f"{MOST_SHARD_ROWS:,} rows; a ticker has one row a day, so drop tickers in files of their own"
        )

    def file(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}"

    def shard(self, shard: int) -> series.Arrays:
        """The shard's accepted rows in file order, as docs/architecture.md describes `rows`."""
        rows = np.fromfile(self.file(shard), prices.ROW) if self.file(shard).exists() else np.empty(0, prices.ROW)
        numbers, ticker = np.unique(rows["ticker"], return_inverse=True)
        every = list(self.tickers)
        names, place = np.unique(np.array([every[number] for number in numbers], "U"), return_inverse=True)
        arrays = {"tickers": names, "ticker": place[ticker].astype(np.int32)}
        return arrays | {name: rows[name].copy() for name in ("line", "day", *prices.VALUES)}

    def has_too_many(self, tolerance: float) -> bool:
        return self.bad > tolerance * self.rows

    def cuts(self, test_fraction: float) -> dict[str, str]:
        days = np.flatnonzero(self.days)
        return series.cuts(days + FIRST_DAY, self.days[days], test_fraction)
