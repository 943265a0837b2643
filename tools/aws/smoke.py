"""Drop a file into a deployed stack, follow its run, ask Athena, look for what is left, and print the cost."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tools import ROOT, cost
from tools.aws import Problem, athena, preflight, runs, session
from tools.aws.runs import Stack

if TYPE_CHECKING:
    from common.events import Upload

EXAMPLE = ROOT / "examples" / "prices.csv"
PAUSE = 5.0  # seconds between two looks
# S3's events reach EventBridge about five minutes after a bucket was told to send them; one before that is lost.
TRIES, WAIT_SECONDS = 10, 60.0
ASKED = (
    "select h.run_id, h.tickers, h.minutes, h.cost_usd, count(f.ticker) as forecasts from run_history h"
    " left join latest_forecast f on f.dataset = h.dataset and f.run_id = h.run_id"
    " where h.dataset = '{dataset}' and h.newest group by h.run_id, h.tickers, h.minutes, h.cost_usd"
)


def add(commands: Any, whose: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "smoke", parents=[whose], help="a whole run through a deployed stack; ends with 1 if anything is wrong"
    )
    preflight.choose(parser)
    parser.add_argument("--dataset", default="smoke", help="the dataset to drop the file into; default: smoke")
    parser.add_argument("--file", type=Path, default=EXAMPLE, help="default: examples/prices.csv")
    again = f"seconds to wait for a run before the file is dropped again; default: {WAIT_SECONDS:.0f}"
    parser.add_argument("--wait", type=float, default=WAIT_SECONDS, help=again)
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace, console: Console) -> int:
    client = session.clients(arguments.profile, arguments.region)
    name = arguments.stack or preflight.configured(arguments.config_env)[0]
    stack = Stack(client, session.outputs(client, name), PAUSE)
    return smoke(stack, name, arguments.dataset, arguments.file, console, arguments.wait)


def smoke(
    stack: Stack, name: str, dataset: str, file: Path, console: Console, wait_seconds: float = WAIT_SECONDS
) -> int:
    """0 if the run has published what Athena answers and nothing is left. Raises Problem otherwise."""
    arn = _started(stack, dataset, file, console, wait_seconds)
    described = runs.lead(stack, [arn], dataset, lambda one: runs.follow(stack, one, console))
    if described["status"] == "SUCCEEDED" and runs.result(described).get("status") != "published":
        console.print("nothing is new since the newest run: it is made again")
        described = runs.lead(stack, [_forced(stack, dataset)], dataset, lambda one: runs.follow(stack, one, console))
    ended = runs.result(described)
    if described["status"] != "SUCCEEDED" or ended.get("status") != "published":
        cause = runs.plain_cause(described.get("cause", "")) or json.dumps(ended)
        raise Problem(f"the run ended as {described['status']} {described.get('error', '')}: {cause}")
    console.print(f"published: {ended.get('headline', '')}", markup=False)
    row = _answer(stack, dataset, ended.get("run_id") or "")
    console.print(f"Athena: run {row['run_id']} has {row['forecasts']} forecasts of {row['tickers']} tickers")
    if remains := list(left(stack, name, dataset)):
        raise Problem("; ".join(remains))
    console.print("nothing is left in SageMaker, and no event is lost")
    console.print(price(row, file.stat().st_size / 1e6))
    return 0


def _started(stack: Stack, dataset: str, file: Path, console: Console, seconds: float) -> str:
    """The execution that the dropped file starts; it is dropped again while events do not arrive yet.

    What was dropped in vain is read, too: a run waits for each upload without a verdict for up to half an hour.
    """
    lost: list[Upload] = []
    for _ in range(TRIES):
        source = _dropped(stack, dataset, file)
        console.print(f"dropped s3://{source['bucket']}/{source['key']}")
        (arn,) = runs.find_executions(stack, [source], seconds)
        if arn:
            for one in lost:
                _start(stack, {"key": one["key"], "version-id": one["version_id"]})
            return arn
        lost.append(source)
        console.print(f"no execution within {seconds:.0f} s: a new bucket's events need about five minutes")
    raise Problem("no file starts an execution: look at the rule of the state machine and at the dead-letter queue")


def _dropped(stack: Stack, dataset: str, file: Path) -> "Upload":
    bucket, key = stack.outputs["IncomingBucket"], f"incoming/{dataset}/{file.name}"
    with file.open("rb") as body:
        version = stack.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
    return {"bucket": bucket, "key": key, "version_id": version}


def _forced(stack: Stack, dataset: str) -> str:
    """An execution that makes a run though nothing is new."""
    return _start(stack, {"key": f"incoming/{dataset}/"}, force=True)


def _start(stack: Stack, dropped: dict[str, str], **more: bool) -> str:
    """An execution for what was dropped, with or without an event of its own."""
    detail = {"bucket": {"name": stack.outputs["IncomingBucket"]}, "object": dropped}
    given = {"stateMachineArn": stack.outputs["StateMachineArn"], "input": json.dumps({"detail": detail, **more})}
    return stack.client("stepfunctions").start_execution(**given)["executionArn"]


def _answer(stack: Stack, dataset: str, run_id: str) -> dict[str, str | None]:
    """What Athena says of the newest run. Raises Problem unless it is this run, with forecasts."""
    rows = athena.records(stack.client("athena"), stack.outputs, ASKED.format(dataset=dataset), stack.pause)
    if len(rows) != 1 or (run_id and rows[0]["run_id"] != run_id) or not int(rows[0]["forecasts"] or 0):
        raise Problem(f"Athena does not show the run {run_id} with its forecasts, but {rows}")
    return rows[0]


def left(stack: Stack, name: str, dataset: str) -> Iterator[str]:
    """What the dataset's runs have left that costs or that was lost, as words."""
    sagemaker, prefix = stack.client("sagemaker"), f"{name}-{dataset}-"
    for operation, listed, field, only in (
        ("list_endpoints", "Endpoints", "EndpointName", {}),
        ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", {}),
        ("list_models", "Models", "ModelName", {}),
        ("list_training_jobs", "TrainingJobSummaries", "TrainingJobName", {"StatusEquals": "InProgress"}),
        ("list_transform_jobs", "TransformJobSummaries", "TransformJobName", {"StatusEquals": "InProgress"}),
    ):
        pages = sagemaker.get_paginator(operation).paginate(NameContains=prefix, **only)
        found = [one[field] for page in pages for one in page[listed]]
        yield from (f"{listed} has {one}" for one in found if one.startswith(prefix))
    queue = {"QueueUrl": stack.outputs["DeadLetterQueueUrl"], "AttributeNames": ["ApproximateNumberOfMessages"]}
    waiting = stack.client("sqs").get_queue_attributes(**queue)["Attributes"]["ApproximateNumberOfMessages"]
    if int(waiting):
        yield f"{waiting} events are in the dead-letter queue"


def price(row: dict[str, str | None], megabytes: float) -> str:
    """What the run cost, in words: SageMaker as its row says, all else estimated."""
    seconds = 60 * float(row["minutes"] or 0)
    rest = sum(item.usd() for item in cost.run(megabytes, seconds))
    if row["cost_usd"] is None:
        return f"cost: about {rest:.2f} USD without SageMaker, whose instances have no price here"
    return f"cost: about {float(row['cost_usd']) + rest:.2f} USD, {float(row['cost_usd']):.4f} of it for SageMaker"
