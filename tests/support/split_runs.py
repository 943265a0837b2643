"""A good file for Split, and what there is of an upload afterwards."""

import datetime
import io

import boto3
import numpy as np
import pyarrow.parquet as pq

import split
from common import arrays, dataset, keys, storage
from stocks.dataset import uploads
from stocks.dataset.uploads import Upload, Verdict

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:machine:"
OURS = f"{EXECUTION}ours"
OTHER = f"{EXECUTION}other"

DAYS = [(datetime.date(2020, 1, 1) + datetime.timedelta(day)).isoformat() for day in range(200)]
GOOD = "ticker,date,adjclose\n" + "".join(f"{ticker},{day},10\n" for ticker in "AB" for day in DAYS)


def verdict(event) -> Verdict:
    found = known(event)
    assert found is not None
    return found


def uploaded(event) -> Upload:
    described = split.head(event)
    assert not isinstance(described, str)
    return split.uploaded(event, described)


def known(event) -> Verdict | None:
    return dataset.verdict(uploads.place(event["key"]).dataset, uploaded(event).id)


def part(event, number: int = 0) -> dict[str, np.ndarray]:
    """A part of the upload that its verdict names."""
    judged = verdict(event)
    key = f"{judged.folder}{number:05d}.npz"
    return arrays.unpack(storage.get("lake", key), {"upload": judged.upload.id, "part": number}, key)


def all_rows(event):
    """ticker, day and price of every row of the upload."""
    for number in range(1 << verdict(event).bits):
        rows = part(event, number)
        for at, day, price in zip(rows["ticker"], rows["day"], rows["adjclose"], strict=True):
            yield str(rows["tickers"][at]), int(day), float(price)


def file_row(event) -> dict:
    """The upload's row in the table of files."""
    body = storage.get("lake", f"files/{uploaded(event).id}.parquet")
    (row,) = pq.read_table(io.BytesIO(body)).to_pylist()
    return row


def listed(event) -> list[str]:
    return storage.get("lake", keys.rejected(uploads.place(event["key"]).dataset, event)).decode().splitlines()


def names(bucket):
    return [found["Key"] for found in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def kinds(bucket="lake") -> list[str]:
    """What lies in the bucket, by the first word of each key."""
    return [name.partition("/")[0] for name in names(bucket)]
