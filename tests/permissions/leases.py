"""What a scenario changes of a dataset's lease, plan and published runs, by hand and with all rights."""

import contextlib
import datetime
import json
from collections.abc import Iterator

from common import keys
from stocks.dataset import uploads
from stocks.dataset.lease import Lease
from tests.permissions.replay import DATASET, Replay

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def free(replayed: Replay) -> None:
    hold(replayed, "")


def hold(
    replayed: Replay, execution: str, term: int = 99, taken: datetime.datetime | None = None, dataset: str = DATASET
) -> None:
    """The dataset's lease is in the hands of this execution, by default since now."""
    held = Lease(term=term, holder=execution, taken=taken or now())
    put(replayed, keys.lease(dataset), held.to_json())


def lead(replayed: Replay) -> None:
    """The run holds the lease, as it did when it was planned."""
    hold(replayed, replayed.arn, plan_of(replayed)["term"])


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def plan_of(replayed: Replay) -> dict:
    return json.loads(get(replayed, plan_key(replayed)))


@contextlib.contextmanager
def planned(replayed: Replay, **changes) -> Iterator[None]:
    """The run's plan says something else meanwhile."""
    with kept(replayed, [plan_key(replayed)]):
        put(replayed, plan_key(replayed), json.dumps(plan_of(replayed) | changes))
        yield


def nothing_published(replayed: Replay) -> contextlib.AbstractContextManager[None]:
    """The dataset's runs left their rows only, as those of the first version did."""
    return gone(replayed, replayed.cloud.keys("LakeBucket", keys.published(DATASET)))


@contextlib.contextmanager
def gone(replayed: Replay, objects: list[str]) -> Iterator[None]:
    """The objects do not stand meanwhile; they are put back, whatever was written in their place."""
    with kept(replayed, objects):
        for key in objects:
            replayed.client("s3").delete_object(Bucket=replayed.outputs["LakeBucket"], Key=key)
        yield


@contextlib.contextmanager
def kept(replayed: Replay, objects: list[str]) -> Iterator[None]:
    bodies = {key: get(replayed, key) for key in objects}
    try:
        yield
    finally:
        for key, body in bodies.items():
            put(replayed, key, body)


def verdict_key(replayed: Replay) -> str:
    """Of the verdict on the run's file."""
    ending = uploads.digest_of(**replayed.source)
    (key,) = [one for one in replayed.cloud.keys("LakeBucket", keys.verdicts(DATASET)) if ending in one]
    return key


def plan_key(replayed: Replay) -> str:
    return keys.lake("plans", replayed.run, "plan.json")


def get(replayed: Replay, key: str) -> str:
    return replayed.client("s3").get_object(Bucket=replayed.outputs["LakeBucket"], Key=key)["Body"].read().decode()


def put(replayed: Replay, key: str, body: str) -> None:
    replayed.client("s3").put_object(Bucket=replayed.outputs["LakeBucket"], Key=key, Body=body)
