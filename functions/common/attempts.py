"""Which execution a run belongs to, and the removal of what its earlier attempts left.

The claim is one object in S3, written on conditions that S3 keeps.
"""

import datetime
import json
from collections.abc import Iterable
from typing import TypedDict, Unpack, cast

from botocore.exceptions import ClientError

from common import aws, keys, storage, working
from common.errors import Transient
from common.events import NamedRun, Run, Summary
from common.settings import Settings

ENDED_BADLY = ("FAILED", "ABORTED", "TIMED_OUT")
ROUNDS = 5
SOON = datetime.timedelta(minutes=15)  # in which DescribeExecution may not know an execution yet


class Claim(TypedDict):
    execution_arn: str
    claimed: str  # ISO 8601 instant


class Condition(TypedDict, total=False):
    """S3 writes only where nothing stands under the key (`*`), or where what stands has this ETag."""

    IfNoneMatch: str
    IfMatch: str


def claim(config: Settings, run_id: str, execution_arn: str) -> Claim:
    """The claim that stands. It is ours where the run was free, ours already, or its owner has ended badly."""
    key = keys.work(run_id, "claim.json")
    ours: Claim = {"execution_arn": execution_arn, "claimed": datetime.datetime.now(datetime.UTC).isoformat()}
    for _ in range(ROUNDS):
        if put_if(config.work_bucket, key, ours, IfNoneMatch="*"):
            return ours
        standing, etag = read(config.work_bucket, key)
        if standing and (standing["execution_arn"] == execution_arn or not ended_badly(standing)):
            return standing
        if standing and put_if(config.work_bucket, key, ours, IfMatch=etag):
            return ours
    raise Transient(f"the claim of {run_id} keeps changing hands")


def must_be_ours(config: Settings, run_id: str, execution_arn: str) -> None:
    """Raise RuntimeError where another execution has taken over: ours was stopped, and its function works on."""
    standing, _ = read(config.work_bucket, keys.work(run_id, "claim.json"))
    if not standing or standing["execution_arn"] != execution_arn:
        raise RuntimeError(f"run {run_id} no longer belongs to {execution_arn}, so it is not published")


def put_if(bucket: str, key: str, value: Claim, **condition: Unpack[Condition]) -> bool:
    """Write the object, or return False where the condition does not hold. Raises Transient while others write it."""
    try:
        aws.s3().put_object(Bucket=bucket, Key=key, Body=json.dumps(value), ContentType="application/json", **condition)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("PreconditionFailed", "NoSuchKey"):
            return False
        if code == "ConditionalRequestConflict":
            raise Transient(f"another request is writing {key}") from error
        raise
    return True


def read(bucket: str, key: str) -> tuple[Claim | None, str]:
    """The claim and its ETag; None where it has vanished meanwhile."""
    try:
        standing = aws.s3().get_object(Bucket=bucket, Key=key)
    except aws.s3().exceptions.NoSuchKey:
        return None, ""
    return json.loads(standing["Body"].read()), standing["ETag"]


def ended_badly(standing: Claim) -> bool:
    """Whether the claim's execution can publish no more and has not; AWS forgets executions after 90 days."""
    states = aws.states()
    try:
        return states.describe_execution(executionArn=standing["execution_arn"])["status"] in ENDED_BADLY
    except states.exceptions.ExecutionDoesNotExist:
        claimed = datetime.datetime.fromisoformat(standing["claimed"])
        return datetime.datetime.now(datetime.UTC) - claimed > SOON


def is_published(config: Settings, run: NamedRun) -> bool:
    """Whether the run's row stands in the table of runs: whatever happened since, it is published."""
    rows = aws.s3().list_objects_v2(Bucket=config.lake_bucket, Prefix=keys.lake("runs", run), MaxKeys=1)
    return bool(rows.get("Contents"))


def summary(run: NamedRun) -> Summary | None:
    """What Summarize returned when it published the run; None once its working files have expired."""
    try:
        return cast(Summary, working.get_json(run, "summary"))
    except aws.s3().exceptions.NoSuchKey:
        return None


def remove_leftovers(config: Settings, run: NamedRun) -> None:
    """Delete an earlier attempt's working files and rejected rows: it may have had other shards."""
    _delete_others(config.lake_bucket, keys.lake("rejected", run), set())
    _delete_others(config.work_bucket, keys.work(run["run_id"], ""), {keys.work(run["run_id"], "claim.json")})


def remove_other_parts(config: Settings, run: Run, tables: Iterable[str]) -> None:
    """Delete parts that an earlier attempt with more shards left in the run's partitions of these tables."""
    for table in tables:
        keep = {keys.lake(table, run, keys.part(number)) for number in range(run["shards"])}
        _delete_others(config.lake_bucket, keys.lake(table, run), keep)


def put_alone(config: Settings, run: NamedRun, table: str, name: str, body: bytes | str, content_type: str = "") -> str:
    """Write the one file of this run below a prefix, after whatever stood beside it is deleted; its URI."""
    key = keys.lake(table, run, name)
    _delete_others(config.lake_bucket, keys.lake(table, run), {key})
    return storage.put(config.lake_bucket, key, body, content_type or "application/octet-stream")


def _delete_others(bucket: str, prefix: str, keep: set[str]) -> None:
    """Delete the keys below a prefix that are not to be kept."""
    s3 = aws.s3()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for listed in page.get("Contents", []):
            if listed["Key"] not in keep:
                s3.delete_object(Bucket=bucket, Key=listed["Key"])
