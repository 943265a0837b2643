"""One message an hour and dataset on rejected files: the first at once, the others of the hour together afterwards.

`told/<d>.json` is the last message; `untold/dataset=<d>/` holds a note for each rejection that waits for the next.
"""

import datetime
import json

from common import aws, keys, messages, storage
from common.events import Upload
from common.settings import settings
from stocks.reading.rejected import visible

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


def any_wait(dataset: str) -> bool:
    """Whether there are notes for the next message: Resume sends it, and no rejection may take its hour."""
    return storage.holds(settings().lake_bucket, keys.untold(dataset))


def tell(dataset: str) -> int:
    """Send what waits, if a message is due; how many rejections it tells of."""
    lake = settings().lake_bucket
    waiting = [found["Key"] for found in storage.listed(lake, keys.untold(dataset))]
    if not waiting or not is_due(dataset):
        return 0
    notes = [json.loads(storage.get(lake, key)) for key in waiting[:SHOWN]]
    files = "1 more file was" if len(waiting) == 1 else f"{len(waiting):,} more files were"
    whose = "Outside of a dataset's folder" if dataset == MISPLACED else f"Dataset {dataset}"
    lines = [f"{whose}: {files} rejected since the last message.", ""]
    lines += [f"{visible(note['key'])}: {note['reason']}" for note in notes]
    if len(waiting) > SHOWN:
        all_are = "" if dataset == MISPLACED else "; the view file_history has them all"
        lines.append(f"and {len(waiting) - SHOWN:,} more{all_are}")
    title = "in a wrong place" if dataset == MISPLACED else dataset
    messages.publish(settings().topic_arn, f"Files rejected: {title} ({len(waiting):,})", "\n".join(lines))
    for key in waiting:
        aws.s3().delete_object(Bucket=lake, Key=key)
    return len(waiting)
