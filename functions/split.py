"""Read a dropped file once and for all: its rows in parts, a row in the table of files, and a verdict.

One streaming pass: accepted rows wait on disk by ticker, so memory grows neither with the file nor with its lines.
The verdict is the commit, so a crash, a repeat or a second execution of the same event does no harm.
"""

from __future__ import annotations

import datetime
import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common import arrays, aws, dataset, keys, storage, telemetry
from common.errors import RejectedFile
from common.events import LambdaContext, NamedRun, SplitEvent, SplitResult
from common.settings import settings
from stocks import schemas, series
from stocks.dataset import plan, sizes, uploads
from stocks.dataset.settings import Settings
from stocks.dataset.uploads import Upload, Verdict
from stocks.reading import rejected, verdict
from stocks.reading.intake import Intake
from stocks.reading.numbers import SIGNS
from stocks.reading.source import Rules, Source, Stream, refused_by_name

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

DELETED = "the file was deleted before it was read; upload it again"
# A bucket that has just begun to keep versions may not find for 15 minutes what it holds.
UNFOUND = "the file was deleted before it was read, or its bucket was made minutes ago; upload it again"
# To whom may not list the bucket S3 does not say which of the two it is.
FORBIDDEN = (
    "the file was deleted before it was read, or S3 does not let Split read it; upload it again, or allow Split's role "
    "s3:GetObjectVersion and its key's kms:Decrypt"
)
ARCHIVED = "the file lies in an archive of S3; upload it again in the storage class STANDARD"
# By the codes of S3's errors. An answer to HEAD has no body, so its error has the status alone; 405 is a delete marker.
UNREADABLE = dict.fromkeys(("405", "MethodNotAllowed"), DELETED)
UNREADABLE |= dict.fromkeys(("404", "NoSuchKey", "NoSuchVersion"), UNFOUND)
UNREADABLE |= {"403": FORBIDDEN, "AccessDenied": FORBIDDEN, "InvalidObjectState": ARCHIVED}


@telemetry.step
def handler(event: SplitEvent, context: LambdaContext) -> SplitResult:
    place = uploads.place(event["key"])
    if place.kind == "marker":
        return {"status": "ignored", "reason": "a folder marker", "run_id": "", "dataset": ""}
    if place.kind == "misplaced":
        raise refused(place.reason, event)
    run: NamedRun = {"run_id": plan.run_id(place.dataset, event["execution_arn"]), "dataset": place.dataset}
    telemetry.logger.append_keys(**run)
    if place.kind == "settings":
        dataset.usable_settings(place.dataset)
    if place.kind == "file":
        judge(event, place.dataset)
    return {"status": "accepted", "reason": "", **run}


def refused(reason: object, event: SplitEvent) -> RejectedFile:
    return RejectedFile(f"{reason}: s3://{event['bucket']}/{rejected.visible(event['key'])}")


def judge(event: SplitEvent, name: str) -> None:
    """See to it that the upload has a verdict. Raises RejectedFile where it is this execution's, and rejects."""
    described = head(event)
    standing = known(event, name, described)
    if standing is None:
        if isinstance(described, str):
            raise refused(described, event)
        size, rules = described["ContentLength"], dataset.usable_settings(name)
        ours = read(uploaded(event, described), event, size, rules)
        lake, key = settings().lake_bucket, keys.verdict(name, ours.upload.id)
        put_file(ours)
        storage.put_if(lake, key, ours.to_json(), "")
        standing = Verdict.from_json(storage.get(lake, key))
        if standing != ours:
            put_file(standing)  # another execution was faster; both read the same, perhaps by other settings
    if not standing.accepted and standing.execution == event["execution_arn"]:
        raise refused(standing.reason, event)


def head(event: SplitEvent) -> HeadObjectOutputTypeDef | str:
    """What S3 says of the version, or why it cannot be read: an event by hand knows neither its time nor its size."""
    try:
        return aws.s3().head_object(Bucket=event["bucket"], Key=event["key"], VersionId=event["version_id"])
    except ClientError as error:
        if reason := UNREADABLE.get(error.response["Error"]["Code"]):
            return reason
        raise


def known(event: SplitEvent, name: str, described: HeadObjectOutputTypeDef | str) -> Verdict | None:
    """The upload's verdict, if it has one."""
    if not isinstance(described, str):
        return dataset.verdict(name, uploaded(event, described).id)
    ending = uploads.digest_of(event["bucket"], event["key"], event["version_id"])
    of_gone = (upload for upload in dataset.verdict_ids(name) if upload.endswith(ending))
    return next((dataset.verdict(name, upload) for upload in of_gone), None)


def uploaded(event: SplitEvent, described: HeadObjectOutputTypeDef) -> Upload:
    """The upload of the event: S3 knows when it was."""
    return Upload(event["bucket"], event["key"], event["version_id"], described["LastModified"], event["sequencer"])


def read(upload: Upload, event: SplitEvent, size: int, rules: Settings) -> Verdict:
    """The verdict on the upload, after its parts and its rejected rows are written."""
    execution = event["execution_arn"]
    verdict_of = functools.partial(Verdict, upload, execution, rules.version)
    if reason := refused_by_name(upload.name):
        put_rejected(event, upload.dataset, [rejected.Rejected(0, reason)])
        return verdict_of(accepted=False, reason=reason)
    tomorrow = series.day_of(upload.modified.date().isoformat()) + 1  # it may have begun where the prices come from
    limits = Rules(tomorrow, rules.bad_row_tolerance, rules.date_order, SIGNS[rules.decimal])
    source = Source(upload.name, size, lambda: opened(upload, event))
    with tempfile.TemporaryDirectory() as folder:
        taken = Intake(Path(folder), limits)
        try:
            taken.read(source)
            taken.judge()
            found = put_parts(taken, upload, execution, rules.bad_row_tolerance)
        except rejected.Unusable as error:
            put_rejected(event, upload.dataset, [*sorted(taken.kept), error.rejected])
            report = taken.report() | {"rows": 0} if taken.layout else {}
            return verdict_of(accepted=False, reason=str(error), **report)
        if taken.kept:
            put_rejected(event, upload.dataset, sorted(taken.kept))
        return verdict_of(accepted=True, folder=uploads.folder(upload, execution), **taken.report() | found)


def put_parts(taken: Intake, upload: Upload, execution: str, tolerance: float) -> dict:
    """Write the accepted rows by ticker and day, in parts; what the verdict says of them. Raises Unusable."""
    bits, folder = sizes.upload_bits(taken.rows), uploads.folder(upload, execution)
    rows = tickers = 0
    first, last = [], []
    for number in range(1 << bits):
        part, refused_rows = taken.part(number, bits)
        taken.bad += len(refused_rows)
        taken.kept += refused_rows[: rejected.KEEP - len(taken.kept)]
        if verdict.has_too_many(taken.bad, taken.rows, tolerance):
            raise verdict.contradicting(taken.bad, taken.rows, tolerance)
        body = arrays.pack_to_keep(part, {"upload": upload.id, "part": number})
        storage.put(settings().lake_bucket, f"{folder}{number:05d}.npz", body)
        rows, tickers = rows + len(part["day"]), tickers + len(part["tickers"])
        if len(part["day"]):
            first.append(int(part["day"].min()))
            last.append(int(part["day"].max()))
    days = {"first_day": series.iso(min(first)), "last_day": series.iso(max(last))} if first else {}
    return {"bits": bits, "rows": rows, "tickers": tickers} | days


def put_rejected(event: SplitEvent, name: str, rows: list[rejected.Rejected]) -> None:
    key = keys.rejected(name, event)
    storage.put(settings().lake_bucket, key, rejected.to_csv(rows), "text/csv")


def put_file(judged: Verdict) -> None:
    """The upload's row in the table of files."""
    key = f"files/{judged.upload.id}.parquet"
    storage.put(settings().lake_bucket, key, schemas.to_parquet("files", file_row(judged)))


def file_row(judged: Verdict) -> dict[str, list]:
    upload, reading = judged.upload, judged.reading
    row = {
        "dataset": upload.dataset,
        "upload": upload.id,
        "source_key": upload.key,
        "source_version": upload.version_id,
        "uploaded": upload.modified.astimezone(datetime.UTC).replace(tzinfo=None),
        "verdict": "accepted" if judged.accepted else "rejected",
        "reason": judged.reason,
        "columns": list(reading.get("columns", {}).values()),
        "ignored": reading.get("ignored", []),
        "first_day": datetime.date.fromisoformat(judged.first_day) if judged.first_day else None,
        "last_day": datetime.date.fromisoformat(judged.last_day) if judged.last_day else None,
        "settings": judged.settings,
    }
    counts = {name: getattr(judged, name) for name in ("rows", "rejected_rows", "tickers")}
    return {name: [value] for name, value in (row | counts).items()}


def opened(upload: Upload, event: SplitEvent) -> Stream:
    """The bytes of exactly this version. Raises RejectedFile where it cannot be read."""
    try:
        return aws.s3().get_object(Bucket=upload.bucket, Key=upload.key, VersionId=upload.version_id)["Body"]
    except ClientError as error:
        if reason := UNREADABLE.get(error.response["Error"]["Code"]):
            raise refused(reason, event) from None
        raise
