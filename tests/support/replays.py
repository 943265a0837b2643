"""A stack whose runs are made again: its buckets are in memory, and its SageMaker has a model that learns nothing."""

import contextlib
import dataclasses
import io
import json
import os
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from common import arrays
from local.replay import compare, replay
from local.replay.stack import Stack
from stocks.contract import PRICES
from stocks.dataset import plan as plans
from tests.support import memory_s3, pipeline, sagemaker, shards

KILOBYTES = 16  # of a shard


# Service Quotas, which knows none of SageMaker's.
UNKNOWN_QUOTAS = types.SimpleNamespace(
    get_paginator=lambda _: types.SimpleNamespace(paginate=lambda **asked: [{"Quotas": []}])
)


class Logs:
    """CloudWatch Logs, which knows the retention of the groups that were made."""

    class exceptions:
        ResourceAlreadyExistsException = KeyError

    def __init__(self) -> None:
        self.groups: dict[str, int] = {}

    def create_log_group(self, logGroupName: str, tags: dict[str, str]) -> None:
        assert tags["Stack"]
        self.groups[logGroupName] = 0

    def put_retention_policy(self, logGroupName: str, retentionInDays: int) -> None:
        assert logGroupName in self.groups
        self.groups[logGroupName] = retentionInDays


class SageMaker(sagemaker.SageMaker):
    """Every job is done at its second look and leaves the model that has learnt nothing; every endpoint serves."""

    jobs_end = "Completed"

    def _create(self, kind: str, name: str, Tags: list[dict], **fields) -> dict:
        answer = super()._create(kind, name, Tags, **fields)
        tags = {tag["Key"]: tag["Value"] for tag in Tags}
        if kind == "TrainingJob":
            uri, _ = pipeline.stand_in({"dataset": tags["Dataset"], "run_id": tags["Run"]})
            artifacts = {"ModelArtifacts": {"S3ModelArtifacts": uri}}
            reason = {"FailureReason": "no luck"} if self.jobs_end == "Failed" else artifacts
            self.add(kind, name, "InProgress", self.jobs_end, tags=tags, **fields, **reason)
        if kind == "Endpoint":
            self.add(kind, name, "Creating", "InService", tags=tags, **fields)
        return answer


@dataclasses.dataclass
class Laptop:
    """A stack with runs of two files each, published one after the other, and a replay's clients of it."""

    cloud: pipeline.Cloud
    sagemaker: SageMaker
    client: Any
    said: list[str] = dataclasses.field(default_factory=list)

    def replay(self, run: int | str = -1, anyway: bool = False) -> compare.Compared:
        run_id = run if isinstance(run, str) else self.runs[run]
        return replay.replay(Stack(dict(os.environ), self.client), run_id, self.said.append, anyway)

    @property
    def runs(self) -> list[str]:
        """The ids of what was published, by term."""
        left = self.lake("published/")
        return [json.loads(self.cloud.s3.objects["lake", key])["run_id"] for key in left]

    def lake(self, prefix: str) -> list[str]:
        return sorted(key for bucket, key in self.cloud.s3.objects if bucket == "lake" and key.startswith(prefix))

    def delete(self, prefix: str, but: str = "nothing") -> None:
        keys = [key for key in self.lake(prefix) if but not in key]
        assert keys
        for key in keys:
            del self.cloud.s3.objects["lake", key]

    def change_parts(self, upload: str, change: Callable[[dict], dict]) -> None:
        """Change the upload's parts in history."""
        for key in self.lake(f"history/dataset=daily/{upload}/"):
            label: dict[str, str | int] = {"upload": upload, "part": int(key[-9:-4])}
            part = arrays.unpack(self.cloud.s3.objects["lake", key], label, key)
            self.cloud.s3.put_object(Bucket="lake", Key=key, Body=arrays.pack_to_keep(change(part), label))

    def raise_last_price(self, upload: str) -> None:
        def change(part: dict) -> dict:
            factor = np.append(np.ones(len(part["day"]) - 1), 1.01)
            return part | {name: part[name] * factor for name in PRICES}

        self.change_parts(upload, change)

    def shorten(self, upload: str, rows: int) -> None:
        """Leave the first rows only, of the first ticker."""
        named = ("tickers", "filled")
        self.change_parts(upload, lambda part: {n: a if n in named else a[:rows] for n, a in part.items()})

    def uploads(self) -> list[str]:
        return [one.id for one in self.plan().uploads]

    def plan(self, run: int = -1) -> plans.Plan:
        key = f"plans/dataset=daily/run_id={self.runs[run]}/plan.json"
        return plans.Plan.from_json(self.cloud.s3.objects["lake", key])


@contextlib.contextmanager
def laptop(published: memory_s3.S3) -> Iterator[Laptop]:
    """A stack with a copy of these buckets."""
    with pipeline.cloud(kilobytes=KILOBYTES, model=pipeline.stand_in) as cloud:
        cloud.s3.objects, cloud.s3.now = dict(published.objects), published.now
        cloud.s3.versions = {key: list(versions) for key, versions in published.versions.items()}
        fake, runtime = SageMaker(), types.SimpleNamespace(invoke_endpoint=_answer)
        with sagemaker.answering(fake) as client:
            of = {"s3": cloud.s3, "sagemaker": client, "sagemaker-runtime": runtime, "service-quotas": UNKNOWN_QUOTAS}
            of["logs"] = Logs()
            yield Laptop(cloud, fake, of.__getitem__)


def _answer(**asked) -> dict:
    """What the endpoint says."""
    return {"Body": io.BytesIO(shards.answer(asked["Body"]))}
