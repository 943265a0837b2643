"""One message an hour and dataset on rejected files: the first at once, the others of the hour together afterwards.

`told/<d>.json` is the last message; `untold/dataset=<d>/` holds a note for each rejection that waits for the next.
"""

import datetime
import json

from common import aws, keys, messages, storage
from common.events import Upload
from common.settings import settings

HOUR = datetime.timedelta(hours=1)
SHOWN = 20  # rejections of a message by name
MISPLACED = "_misplaced"  # stands for a dataset, of files that lie in no dataset's folder; it can be no dataset's name


def is_due(dataset: str) -> bool:
    """Whether no message was sent within the hour; who is told so sends one now, and nobody else does."""
    lake, key = settings().lake_bucket, keys.told(dataset)
    standing, etag, now = storage.find(lake, key)
    if standing and now - datetime.datetime.fromisoformat(json.loads(standing)["at"]) < HOUR:
        return False
    return storage.put_if(lake, key, json.dumps({"at": now.isoformat()}), etag)


def keep(dataset: str, source: Upload, reason: str) -> None:
    """Leave a note of a rejection for the next message."""
    note = json.dumps({"key": source["key"], "reason": reason})
    storage.put(settings().lake_bucket, keys.untold(dataset, source), note, "application/json")


def tell(dataset: str) -> int:
    """Send what waits, if a message is due; how many rejections it tells of."""
    noted = waiting(dataset)
    if not noted or not is_due(dataset):
        return 0
    whose = "Outside of a dataset's folder" if dataset == MISPLACED else f"Dataset {dataset}"
    subject = f"Files rejected: {'in a wrong place' if dataset == MISPLACED else dataset} ({len(noted):,})"
    messages.publish(settings().topic_arn, subject, f"{whose}: " + "\n".join(lines(noted)))
    forget(noted)
    return len(noted)


def waiting(dataset: str) -> list[str]:
    """The keys of the notes that wait for the next message."""
    return [found["Key"] for found in storage.listed(settings().lake_bucket, keys.untold(dataset))]


def lines(noted: list[str]) -> list[str]:
    """What a message tells of these notes."""
    shown = [json.loads(storage.get(settings().lake_bucket, key)) for key in noted[:SHOWN]]
    files = "1 more file was" if len(noted) == 1 else f"{len(noted):,} more files were"
    told = [f"{files} rejected since the last message:", "", *(f"{note['key']}: {note['reason']}" for note in shown)]
    if len(noted) > SHOWN:
        told.append(f"and {len(noted) - SHOWN:,} more; the view file_history has all that lie in a dataset's folder")
    return told


def forget(noted: list[str]) -> None:
    """Delete the notes that a message has told of."""
    for key in noted:
        aws.s3().delete_object(Bucket=settings().lake_bucket, Key=key)
