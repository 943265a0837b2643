"""Claim the run of a dropped file, set its bad rows aside, find the time cuts and route its rows to shards.

One streaming pass: accepted rows wait on disk by shard, so memory grows neither with the file nor with its lines.
"""

import datetime
import re
import tempfile
from pathlib import Path

from common import attempts, aws, keys, storage, telemetry, working
from common.errors import RejectedFile
from common.events import LambdaContext, NamedRun, SplitEvent, SplitResult, Status, SummarizeResult, Upload
from common.settings import Settings, settings
from stocks import series
from stocks.reading import intake, rejected
from stocks.reading.source import Rules, Source, Stream, refused_by_name

PLACE = "incoming/<dataset>/<name>.csv"


@telemetry.step
def handler(event: SplitEvent, context: LambdaContext) -> SplitResult:
    config = settings()
    source: Upload = {"bucket": event["bucket"], "key": event["key"], "version_id": event["version_id"]}
    if reason := ignored(source["key"]):
        return answer("ignored", reason)
    dataset, name = address(source)
    run: NamedRun = {"run_id": keys.run_id(dataset, **source), "dataset": dataset}
    telemetry.logger.append_keys(**run)
    claim = attempts.claim(config, run["run_id"], event["execution_arn"])
    if claim["execution_arn"] != event["execution_arn"]:
        return answer("duplicate", f"this file belongs to execution {claim['execution_arn']}", run)
    if attempts.is_published(config, run):
        return published(run)
    attempts.remove_leftovers(config, run)
    shards, counts = split(config, run, source, name, event["size"])
    manifest = {"dataset": dataset, "shards": shards, "source": source, "started": claim["claimed"]} | counts
    working.put_json(run, "manifest", manifest)
    return answer("accepted", "", run, shards)


def answer(
    status: Status,
    reason: str,
    run: NamedRun | None = None,
    shards: int = 0,
    summary: SummarizeResult | None = None,
) -> SplitResult:
    """Every status has every field, so that the machine's expressions find them."""
    return {
        "status": status,
        "reason": reason,
        "run_id": run["run_id"] if run else "",
        "dataset": run["dataset"] if run else "",
        "shards": shards,
        "summary": summary or {},
    }


def published(run: NamedRun) -> SplitResult:
    """The answer for a run whose row stands: what followed the commit is done again while its summary is known."""
    summary, reason = attempts.summary(run), "its forecasts are published"
    if not summary:
        return answer("duplicate", reason, run)
    crawl_after = datetime.datetime.now(datetime.UTC).isoformat()
    return answer("published", reason, run, summary={**summary, "finished": crawl_after})


def ignored(key: str) -> str:
    """Why an object is neither data nor a mistake, or an empty string."""
    if key.endswith("/"):
        return "a folder marker"
    if re.fullmatch(r"incoming/[^/]+/settings\.json", key):
        return "settings are not data"
    return ""


def address(source: Upload) -> tuple[str, str]:
    """The dataset and the file's name from the key. Raises RejectedFile where the key breaks the rule."""
    _, *folders, name = source["key"].split("/")
    if len(folders) != 1:
        raise refused(f"the file is not directly in the folder of a dataset; upload it to {PLACE}", source)
    dataset = keys.dataset(source["key"])
    if not dataset:
        folder = rejected.show(folders[0])
        allowed = "use a letter, then up to 39 letters, digits or hyphens"
        raise refused(f"the folder {folder} cannot name a dataset; {allowed}", source)
    if reason := refused_by_name(name):
        raise refused(reason, source)
    return dataset, name


def refused(reason: object, source: Upload) -> RejectedFile:
    return RejectedFile(f"{reason}: s3://{source['bucket']}/{source['key']}")


def split(config: Settings, run: NamedRun, source: Upload, name: str, size: int) -> tuple[int, dict]:
    """Write the run's rows and rejected rows; how many shards, and what the manifest holds. Raises RejectedFile."""
    uploaded, first = opened(source)
    unread = [first]  # the version is asked for again only if it has to be read twice
    tomorrow = series.day_of(uploaded.date().isoformat()) + 1  # it may have begun where the prices come from
    file = Source(name, size, lambda: unread.pop() if unread else opened(source)[1])
    shards = intake.shard_count(file, config.shard_kilobytes)
    with tempfile.TemporaryDirectory() as folder:
        taken = intake.Intake(Path(folder), shards, Rules(tomorrow, config.bad_row_tolerance))
        try:
            taken.read(file)
            cuts = taken.judge(config.test_fraction)
        except rejected.Unusable as error:
            put_rejected(config, run, [*taken.kept, error.rejected])
            raise refused(error, source) from None
        if taken.kept:
            put_rejected(config, run, taken.kept)
        for shard in range(shards):
            working.put_arrays(run, "rows", taken.shard(shard), shard, compress=False)
    return shards, {"uploaded": uploaded.isoformat(), "cuts": cuts} | taken.report()


def put_rejected(config: Settings, run: NamedRun, rows: list[rejected.Rejected]) -> None:
    key = keys.lake("rejected", run, "split.csv")
    storage.put(config.lake_bucket, key, rejected.to_csv(rows), "text/csv")


def opened(source: Upload) -> tuple[datetime.datetime, Stream]:
    """When exactly this version of the object was uploaded, and its bytes. Raises RejectedFile where it is gone."""
    s3 = aws.s3()
    try:
        dropped = s3.get_object(Bucket=source["bucket"], Key=source["key"], VersionId=source["version_id"])
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
            raise refused("the file was deleted before it was read; upload it again", source) from None
        raise
    return dropped["LastModified"], dropped["Body"]
