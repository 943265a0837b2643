"""What makes the grants of a role needed. A scenario returns what it was refused with, or an empty string.

What is listed in BEFORE prepares a scenario while the role still has everything.
"""

import contextlib
import functools
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable

from common import keys
from stocks import schemas
from stocks.contract import SCHEMA
from stocks.dataset import plan
from stocks.dataset.latest import Latest
from tests.permissions import aside, leases, transforming
from tests.permissions.policies import Grant
from tests.permissions.replay import DATASET, SECONDS, Replay
from tests.permissions.training import stop_training, train, waiting_job
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
    leases.lead(replayed)
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


def first_verdict(replayed: Replay, function: str) -> str:
    """Split reads a file on which there is no verdict yet."""
    with leases.gone(replayed, [leases.verdict_key(replayed)]):
        return replayed.call(function)[0]


def after_a_dead_holder(replayed: Replay, function: str) -> str:
    """Gather finds the lease of an execution that was stopped long ago, and plans."""
    leases.hold(replayed, replayed.aborted, taken=leases.LONG_AGO)
    return gather(replayed, function)


def after_the_first_version(replayed: Replay, function: str) -> str:
    """Gather knows the dataset's runs by their rows only."""
    leases.free(replayed)
    with leases.nothing_published(replayed):
        return gather(replayed, function)


def gather(replayed: Replay, function: str) -> str:
    execution = f"{replayed.aborted}-{replayed.new()}"
    run = replayed.run | {"run_id": plan.run_id(DATASET, execution)}
    return replayed.call(function, run=run, execution_arn=execution)[0]


def without_published(replayed: Replay, function: str) -> str:
    with leases.nothing_published(replayed):
        return replayed.call(function)[0]


def unchanged(replayed: Replay, function: str) -> str:
    """Check data finds the table of the newest run, as if the run had been planned after itself."""
    with leases.planned(replayed, newest=leases.plan_of(replayed)["term"]):
        refused, answer = replayed.call(function)
    return refused or ("" if json.loads(answer)["status"] == "unchanged" else answer)


def taking_a_model(replayed: Replay, function: str) -> str:
    """Check data looks for the model that the plan names, which is the run's own."""
    drawn = leases.plan_of(replayed)
    left = leases.get(replayed, keys.published_run(DATASET, drawn["term"], drawn["run_id"]))
    with leases.planned(replayed, model=json.loads(left)["model"]):
        refused, answer = replayed.call(function)
    return refused or ("" if json.loads(answer)["status"] == "reuse" else answer)


def bad_end(replayed: Replay, function: str) -> str:
    leases.hold(replayed, replayed.arn)
    return replayed.call(function, execution_arn=replayed.arn, error="Some")[0]


def as_holder(replayed: Replay, function: str) -> str:
    leases.lead(replayed)
    return replayed.call(function)[0]


def to_a_successor(replayed: Replay, function: str) -> str:
    """Something came since the run was planned; who is started finds nothing to do."""
    leases.lead(replayed)
    with leases.planned(replayed, seen="else"):
        refused, answer = replayed.call(function)
    if not refused:
        machine, name = replayed.outputs["StateMachineArn"], json.loads(answer)["successor"]
        replayed.cloud.ended(f"{machine.replace(':stateMachine:', ':execution:')}:{name}")
    return refused


def to_what_is_newer(replayed: Replay, function: str) -> str:
    """The views show a run of before."""
    leases.lead(replayed)
    key = keys.latest(replayed.run["dataset"])
    bucket, older = replayed.outputs["LakeBucket"], Latest(replayed.run["dataset"], "older", 0, SCHEMA)
    replayed.client("s3").put_object(Bucket=bucket, Key=key, Body=older.to_json())
    return replayed.call(function)[0]


def first_try(replayed: Replay, function: str) -> str:
    """Notify, of what was not sent yet."""
    return replayed.call(function, once=replayed.new())[0]


def open_report(replayed: Replay, function: str) -> str:
    """Follow the link that the message holds."""
    told = replayed.cloud.state / "logs" / "notifications.log"
    before = len(told.read_text())
    if refused := first_try(replayed, function):
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


def next_attempt(replayed: Replay, function: str) -> str:
    """The endpoint of the first attempt has failed for want of an instance, and is there still."""
    execution, scripted = replayed.new(), {"match": f"-{DATASET}-"}
    name = keys.resource_name(replayed.stack, replayed.run, execution)
    describe = functools.partial(replayed.client("sagemaker").describe_endpoint, EndpointName=name)
    replayed.cloud.faults(scripted=scripted, endpoint_full={"match": name})
    try:
        assert replayed.call(function, execution_name=execution)[0] == ""
        eventually(lambda: describe()["EndpointStatus"] == "Failed")
    finally:
        replayed.cloud.faults(scripted=scripted)
    return replayed.call(function, execution_name=execution, attempt=1)[0]


def with_endpoint(replayed: Replay, function: str) -> str:
    return replayed.call(function, endpoint_name=replayed.endpoint)[0]


def delete_endpoint(replayed: Replay, function: str) -> str:
    return replayed.call(function, execution_name=replayed.served)[0]


def sweep(replayed: Replay, function: str) -> str:
    with waiting_job(replayed, {**replayed.run, "dataset": "waiting"}, replayed.new()):
        return replayed.call(function)[0]


def before_sweep(replayed: Replay) -> None:
    """There is an endpoint, and nothing is too young to be swept."""
    serve(replayed)
    name = replayed.function("SweepFunction")
    variables = replayed.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    environment = {"Variables": {**variables, "SWEEP_AFTER_HOURS": "0", "LOG_RETENTION_DAYS": "-1"}}
    replayed.client("lambda").update_function_configuration(FunctionName=name, Environment=environment)


def crawl(replayed: Replay, function: str = "") -> str:
    """A crawl as the stack's first one is, which goes by no folder that was read before."""
    glue, name = replayed.client("glue"), replayed.outputs["CrawlerName"]
    # A step before this one may have started it.
    eventually(lambda: glue.get_crawler(Name=name)["Crawler"]["State"] == "READY")
    glue.update_crawler(Name=name, RecrawlPolicy={"RecrawlBehavior": "CRAWL_EVERYTHING"})
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


def before_new_column(replayed: Replay) -> None:
    """The stack's tables are of a version that had a column less."""
    assert crawl(replayed) == ""
    for table in crawled(replayed):
        kept = {name: table[name] for name in ("Name", "PartitionKeys", "TableType", "Parameters")}
        fewer = table["StorageDescriptor"] | {"Columns": table["StorageDescriptor"]["Columns"][:-1]}
        database = replayed.outputs["DatabaseName"]
        replayed.client("glue").update_table(DatabaseName=database, TableInput=kept | {"StorageDescriptor": fewer})


def crawled(replayed: Replay) -> list[dict]:
    """The tables that the crawler makes; views, and tables without partitions, are the template's."""
    found = replayed.client("glue").get_tables(DatabaseName=replayed.outputs["DatabaseName"])["TableList"]
    return [table for table in found if table["Name"] in schemas.CRAWLED]


BEFORE: dict[str, Callable] = {
    "with_endpoint": serve,
    "delete_endpoint": serve,
    "sweep": before_sweep,
    "first_crawl": before_first_crawl,
    "new_column": before_new_column,
    "crawl_with_log": before_crawl_with_log,
    "sweep_transforms": before_sweep,
    **transforming.BEFORE,
    **aside.BEFORE,
}
SCENARIOS: dict[str, Callable] = {
    "step": step,
    "new_execution": new_execution,
    "log": log,
    "first_verdict": first_verdict,
    "after_a_dead_holder": after_a_dead_holder,
    "after_the_first_version": after_the_first_version,
    "without_published": without_published,
    "unchanged": unchanged,
    "taking_a_model": taking_a_model,
    "bad_end": bad_end,
    "as_holder": as_holder,
    "to_a_successor": to_a_successor,
    "to_what_is_newer": to_what_is_newer,
    "first_try": first_try,
    "open_report": open_report,
    "serve": serve,
    "next_attempt": next_attempt,
    "with_endpoint": with_endpoint,
    "delete_endpoint": delete_endpoint,
    "train": train,
    "stop_training": stop_training,
    "sweep": sweep,
    "first_crawl": crawl,
    "new_column": step,
    "crawl_with_log": crawl_with_log,
    **transforming.SCENARIOS,
    **aside.SCENARIOS,
}
