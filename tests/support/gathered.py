"""What Gather finds in the buckets, for its tests."""

import dataclasses
import datetime
from typing import Any

from common import dataset, keys, storage
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Plan
from stocks.dataset.uploads import Upload
from tests.support import folding
from tests.support.plans import EXECUTION, NOON, put_verdict, run_of, upload_rows

RUN: Any = {name: value for name, value in run_of().items() if name != "shards"}
OTHER = f"{EXECUTION}other"
MINUTE = datetime.timedelta(minutes=1)


def rows(count: int = 5) -> dict:
    return upload_rows(A=folding.walked(1, count).file(0, count))


def drawn_by() -> Plan:
    return dataset.planned(RUN)


def hold(**changed) -> Lease:
    held = dataclasses.replace(Lease(term=4, holder=OTHER, taken=NOON), **changed)
    storage.put("lake", keys.lease("us"), held.to_json())
    return held


def drop(s3, name: str = "a.csv", folder: str = "us", body: bytes = b"x") -> Upload:
    key = f"incoming/{folder}/{name}"
    version = s3.put_object(Bucket="incoming", Key=key, Body=body)["VersionId"]
    return Upload("incoming", key, version, s3.now)


def judge(upload: Upload) -> None:
    judged = dataclasses.replace(put_verdict(rows()), upload=upload)
    storage.put("lake", keys.verdict("us", upload.id), judged.to_json())
