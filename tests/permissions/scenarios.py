"""What makes the grants of a role needed. A scenario returns what it was refused with, or an empty string.

What is listed in BEFORE prepares a scenario while the role still has everything.
"""

import contextlib
import functools
import io
import json
import re
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from common import keys
from common.events import NamedRun
from tests.permissions.policies import Grant
from tests.permissions.replay import DATASET, SECONDS, Replay
from tests.support.eventually import eventually

LOST = "the log is lost"
CRAWLER_LOG = "/aws-glue/crawlers"


def play(replayed: Replay, role: str, name: str, grant: Grant | None = None) -> tuple[str, str]:
    """What the role was refused with, without the grant if there is one, and the grant's resource."""
    if prepare := BEFORE.get(name):
        prepare(replayed)
    with replayed.without(grant) if grant else contextlib.nullcontext("") as resource:
        return SCENARIOS[name](replayed, f"{role.removesuffix('Role')}Function"), resource


def step(replayed: Replay, function: str) -> str:
    return replayed.call(function)[0]


def new_execution(replayed: Replay, function: str) -> str:
    return replayed.call(function, execution_name=replayed.new())[0]


def log(replayed: Replay, function: str) -> str:
    """An event that no handler understands is logged like any other."""
    name = replayed.function(function)
    group = replayed.client("lambda").get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"]
    before = logged(replayed, group)
    replayed.client("lambda").invoke(FunctionName=name, Payload=b"[]")
    return "" if logged(replayed, group) > before else LOST


def logged(replayed: Replay, group: str) -> int:
    logs = replayed.client("logs")
    with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return sum(len(page["events"]) for page in pages)
    return 0


def take_over(replayed: Replay, function: str) -> str:
    """Split finds the claim of an aborted execution, and what it left in the buckets."""
    payload = replayed.recorded(replayed.aborted)["SplitFunction"]
    source = {name: payload[name] for name in replayed.source}
    run: NamedRun = {"dataset": DATASET, "run_id": keys.run_id(DATASET, **source)}
    claim = {"execution_arn": replayed.aborted, "claimed": "2026-01-01T00:00:00+00:00"}
    for name, body in {"claim.json": json.dumps(claim), "rows/99999.npz": "left"}.items():
        key = keys.work(run["run_id"], name)
        replayed.client("s3").put_object(Bucket=replayed.outputs["WorkBucket"], Key=key, Body=body)
    leave(replayed, run, "rejected")
    try:
        return replayed.call(function, **payload | {"execution_arn": f"{replayed.aborted}-{replayed.new()}"})[0]
    finally:  # the claim is now that of an execution which does not exist, so nobody else could run this upload
        claimed = keys.work(run["run_id"], "claim.json")
        replayed.client("s3").delete_object(Bucket=replayed.outputs["WorkBucket"], Key=claimed)


def replay(replayed: Replay, function: str) -> str:
    """Split finds that the run is published, and that the execution that published it was aborted then."""
    claim = {"execution_arn": replayed.aborted, "claimed": "2026-01-01T00:00:00+00:00"}
    s3, place = replayed.client("s3"), {"Bucket": replayed.outputs["WorkBucket"]}
    place["Key"] = keys.work(replayed.run["run_id"], "claim.json")
    standing = s3.get_object(**place)["Body"].read()
    s3.put_object(**place, Body=json.dumps(claim))
    try:
        return replayed.call(function, execution_arn=f"{replayed.aborted}-{replayed.new()}")[0]
    finally:
        s3.put_object(**place, Body=standing)


def leave(replayed: Replay, run: NamedRun, *tables: str) -> None:
    """An object beside the run's own, as an earlier try left it; the crawler passes over empty ones."""
    for table in tables:
        key = keys.lake(table, run, "99999.left")
        replayed.client("s3").put_object(Bucket=replayed.outputs["LakeBucket"], Key=key, Body=b"")


def publish_again(replayed: Replay, function: str) -> str:
    leave(replayed, replayed.run, "predictions", "prices")
    return replayed.call(function)[0]


def summarize_again(replayed: Replay, function: str) -> str:
    leave(replayed, replayed.run, "metrics", "reports", "runs")
    return replayed.call(function)[0]


def open_report(replayed: Replay, function: str) -> str:
    """Follow the link that the message holds."""
    told = replayed.cloud.state / "logs" / "notifications.log"
    before = len(told.read_text())
    if refused := replayed.call(function)[0]:
        return refused
    (link,) = re.findall(r"https?://\S+", told.read_text()[before:])
    try:
        with urllib.request.urlopen(link, timeout=SECONDS) as page:  # noqa: S310  the laptop cloud's own address
            return "" if b"<html" in page.read() else "no page"
    except urllib.error.HTTPError as error:
        return error.read().decode()


def serve(replayed: Replay, function: str = "") -> str:
    """A new endpoint, in service; an execution's name of its own makes it."""
    replayed.served = replayed.new()
    refused, answer = replayed.call("CreateEndpointFunction", execution_name=replayed.served)
    if refused:
        return refused
    replayed.endpoint = json.loads(answer)["endpoint_name"]
    describe = functools.partial(replayed.client("sagemaker").describe_endpoint, EndpointName=replayed.endpoint)
    eventually(lambda: describe()["EndpointStatus"] != "Creating")
    return describe().get("FailureReason", "")


def with_endpoint(replayed: Replay, function: str) -> str:
    return replayed.call(function, endpoint_name=replayed.endpoint)[0]


def delete_endpoint(replayed: Replay, function: str) -> str:
    return replayed.call(function, execution_name=replayed.served)[0]


def train(replayed: Replay, function: str = "") -> str:
    refused, answer = replayed.call("StartTrainingFunction", execution_name=replayed.new())
    if refused:
        return refused
    name = json.loads(answer)["job_name"]
    describe = functools.partial(replayed.client("sagemaker").describe_training_job, TrainingJobName=name)
    eventually(lambda: describe()["TrainingJobStatus"] not in ("InProgress", "Stopping"))
    return describe().get("FailureReason", "")


def stop_training(replayed: Replay, function: str) -> str:
    run, execution = {**replayed.run, "dataset": "waiting"}, replayed.new()
    with waiting_job(replayed, run, execution):
        return replayed.call(function, run=run, execution_name=execution)[0]


def sweep(replayed: Replay, function: str) -> str:
    with waiting_job(replayed, {**replayed.run, "dataset": "waiting"}, replayed.new()):
        return replayed.call(function)[0]


def before_sweep(replayed: Replay) -> None:
    """There is an endpoint, and nothing is too young to be swept."""
    serve(replayed)
    name = replayed.function("SweepFunction")
    variables = replayed.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    environment = {"Variables": {**variables, "SWEEP_AFTER_HOURS": "0"}}
    replayed.client("lambda").update_function_configuration(FunctionName=name, Environment=environment)


@contextlib.contextmanager
def waiting_job(replayed: Replay, run: Any, execution: str) -> Iterator[None]:
    """A job whose code only waits; its dataset's name keeps it from following the script."""
    sagemaker, name = replayed.client("sagemaker"), keys.resource_name(replayed.stack, run, execution)
    like = sagemaker.describe_training_job(TrainingJobName=replayed.payloads["CheckTrainingFunction"]["job_name"])
    members = sagemaker.meta.service_model.operation_model("CreateTrainingJob").input_shape.members
    request = {member: like[member] for member in members if member in like}
    request["HyperParameters"] |= {"sagemaker_submit_directory": json.dumps(waiting_source(replayed))}
    tags = [{"Key": "Stack", "Value": replayed.stack}]
    sagemaker.create_training_job(**request | {"TrainingJobName": name, "Tags": tags})
    eventually(lambda: sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"] == "Training")
    try:
        yield
    finally:
        with contextlib.suppress(ClientError):  # it has ended, as it should
            sagemaker.stop_training_job(TrainingJobName=name)


def waiting_source(replayed: Replay) -> str:
    archive, code = io.BytesIO(), b"import time\ntime.sleep(600)\n"
    with tarfile.open(fileobj=archive, mode="w:gz") as content:
        member = tarfile.TarInfo("train.py")
        member.size = len(code)
        content.addfile(member, io.BytesIO(code))
    bucket, key = replayed.outputs["WorkBucket"], keys.work(replayed.run["run_id"], "source/waiting.tar.gz")
    replayed.client("s3").put_object(Bucket=bucket, Key=key, Body=archive.getvalue())
    return f"s3://{bucket}/{key}"


def crawl(replayed: Replay, function: str = "") -> str:
    glue, name = replayed.client("glue"), replayed.outputs["CrawlerName"]
    glue.start_crawler(Name=name)
    eventually(lambda: glue.get_crawler(Name=name)["Crawler"]["State"] == "READY")
    return glue.get_crawler(Name=name)["Crawler"]["LastCrawl"].get("ErrorMessage", "")


def crawl_with_log(replayed: Replay, function: str) -> str:
    return crawl(replayed) or ("" if logged(replayed, CRAWLER_LOG) else LOST)


def before_crawl_with_log(replayed: Replay) -> None:
    with contextlib.suppress(replayed.client("logs").exceptions.ResourceNotFoundException):
        replayed.client("logs").delete_log_group(logGroupName=CRAWLER_LOG)


def before_first_crawl(replayed: Replay) -> None:
    for table in crawled(replayed):
        replayed.client("glue").delete_table(DatabaseName=replayed.outputs["DatabaseName"], Name=table["Name"])


def before_crawl_of_a_change(replayed: Replay) -> None:
    """Tables and partitions are made to tell of other files than there are."""
    assert crawl(replayed) == ""
    glue, database = replayed.client("glue"), replayed.outputs["DatabaseName"]
    for table in crawled(replayed):
        where = {"DatabaseName": database, "TableName": table["Name"]}
        one = glue.get_partitions(**where)["Partitions"][0]
        changed = {name: one[name] for name in ("Values", "StorageDescriptor")} | {"Parameters": {"recordCount": "0"}}
        entry = {"PartitionValueList": one["Values"], "PartitionInput": changed}
        glue.batch_update_partition(**where, Entries=[entry])
        kept = {name: table[name] for name in ("Name", "StorageDescriptor", "PartitionKeys", "TableType")}
        changed = kept | {"Parameters": {**table["Parameters"], "recordCount": "0"}}
        glue.update_table(DatabaseName=database, TableInput=changed)


def crawled(replayed: Replay) -> list[dict]:
    """The tables that the crawler makes; views are the template's."""
    found = replayed.client("glue").get_tables(DatabaseName=replayed.outputs["DatabaseName"])["TableList"]
    return [table for table in found if table["TableType"] == "EXTERNAL_TABLE"]


BEFORE: dict[str, Callable] = {
    "with_endpoint": serve,
    "delete_endpoint": serve,
    "sweep": before_sweep,
    "first_crawl": before_first_crawl,
    "crawl_of_a_change": before_crawl_of_a_change,
    "crawl_with_log": before_crawl_with_log,
}
SCENARIOS: dict[str, Callable] = {
    "step": step,
    "new_execution": new_execution,
    "log": log,
    "take_over": take_over,
    "replay": replay,
    "publish_again": publish_again,
    "summarize_again": summarize_again,
    "open_report": open_report,
    "serve": serve,
    "with_endpoint": with_endpoint,
    "delete_endpoint": delete_endpoint,
    "train": train,
    "stop_training": stop_training,
    "sweep": sweep,
    "first_crawl": crawl,
    "crawl_of_a_change": crawl,
    "crawl_with_log": crawl_with_log,
}
