"""Delete a dataset: what was dropped, what its runs published, and what they work with. It can be repeated.

The row of `latest` goes first, so that readers see nothing of it rather than a half, then the files, so that nothing
starts it again. The lease goes last, since it counts the terms.
"""

from collections.abc import Callable, Iterator
from typing import Any

from common import keys
from stocks.dataset.uploads import INCOMING, place
from stocks.schemas import CRAWLED
from tools.aws import Problem, runs
from tools.aws.runs import Stack

FOLDERS = ("published", "plans", "facts", "models", "reports", "history", "rejected", "untold", "told")
AT_A_TIME = 1000  # objects that S3 deletes with one call


def refuse_while_it_runs(stack: Stack, dataset: str) -> None:
    """Raises Problem while an execution leads the dataset: it would publish again what is deleted."""
    holder = runs.holder(stack.client("s3"), stack.outputs["LakeBucket"], dataset)
    if not holder:
        return
    states = stack.client("stepfunctions")
    try:
        running = states.describe_execution(executionArn=holder)["status"] == "RUNNING"
    except states.exceptions.ExecutionDoesNotExist:
        running = False
    if running:
        raise Problem(f"a run of {dataset} is under way: wait for its end, or stop it first ({holder})")


def held(stack: Stack, dataset: str) -> Iterator[tuple[str, Callable[[], int]]]:
    """The parts of the dataset in the order in which they go: a name, and what deletes it and counts."""
    s3, lake, incoming = stack.client("s3"), stack.outputs["LakeBucket"], stack.outputs["IncomingBucket"]

    def below(bucket: str, *prefixes: str) -> Callable[[], int]:
        return lambda: deleted(s3, bucket, (one for prefix in prefixes for one in listed(s3, bucket, prefix)))

    yield "the row of latest", below(lake, keys.latest(dataset))
    yield "dropped files", lambda: deleted(s3, incoming, versions(s3, incoming, dataset))
    for table in CRAWLED:
        yield table, below(lake, f"{table}/dataset={dataset}/")
        yield f"partitions of {table}", lambda table=table: partitions(stack, table, dataset)  # type: ignore[misc]
    yield "rows of files", lambda: deleted(s3, lake, verdict_rows(s3, lake, dataset))
    yield "verdicts", below(lake, keys.verdicts(dataset))
    for folder in FOLDERS:
        yield folder, below(lake, f"{folder}/dataset={dataset}/")
    yield "working files", lambda: deleted(s3, stack.outputs["WorkBucket"], working(s3, stack, dataset))
    yield "notes and the lease", below(lake, keys.told(dataset), keys.lease(dataset))


def listed(s3: Any, bucket: str, prefix: str) -> Iterator[dict[str, str]]:
    return ({"Key": one["Key"]} for one in runs.objects(s3, bucket, prefix))


def versions(s3: Any, bucket: str, dataset: str) -> Iterator[dict[str, str]]:
    """Every version and delete marker in the dataset's folders, however they write its name."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=f"{INCOMING}/"):
        for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            if place(one["Key"]).dataset == dataset:
                yield {"Key": one["Key"], "VersionId": one["VersionId"]}


def verdict_rows(s3: Any, lake: str, dataset: str) -> Iterator[dict[str, str]]:
    """The rows of the table `files`, which are named by the uploads that have a verdict."""
    for one in listed(s3, lake, keys.verdicts(dataset)):
        yield {"Key": f"files/{one['Key'].rpartition('/')[2].removesuffix('.json')}.parquet"}


def working(s3: Any, stack: Stack, dataset: str) -> Iterator[dict[str, str]]:
    """What runs left in the work bucket; a run's id is the dataset and 12 digits, so no other dataset's is meant."""
    for one in listed(s3, stack.outputs["WorkBucket"], keys.work(f"{dataset}-", "").removesuffix("/")):
        run_id = one["Key"].split("/")[1]
        if run_id.rpartition("-")[0] == dataset and len(run_id.rpartition("-")[2]) == 12:
            yield one


def deleted(s3: Any, bucket: str, objects: Iterator[dict[str, str]]) -> int:
    """Delete them; how many. Raises Problem where S3 keeps one."""
    waiting = list(objects)
    for one in [one for one in waiting if not one["Key"].isprintable()]:
        s3.delete_object(Bucket=bucket, **one)  # XML, in which many are named, has no place for such a sign
    written = [one for one in waiting if one["Key"].isprintable()]
    for begin in range(0, len(written), AT_A_TIME):
        some = written[begin : begin + AT_A_TIME]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})
        if errors := answer.get("Errors"):
            first = errors[0]
            raise Problem(
                f"{len(errors)} objects of {bucket} stay: {first['Key']}: {first.get('Message', first['Code'])}"
            )
    return len(waiting)


def partitions(stack: Stack, table: str, dataset: str) -> int:
    """Delete the table's partitions of the dataset in the catalog; how many."""
    glue, where = stack.client("glue"), {"DatabaseName": stack.outputs["DatabaseName"], "TableName": table}
    try:
        pages = list(glue.get_paginator("get_partitions").paginate(**where, Expression=f"dataset='{dataset}'"))
    except glue.exceptions.EntityNotFoundException:
        return 0  # nothing was crawled yet
    found = [one["Values"] for page in pages for one in page["Partitions"] if one["Values"][0] == dataset]
    for values in found:
        glue.delete_partition(**where, PartitionValues=values)
    return len(found)
