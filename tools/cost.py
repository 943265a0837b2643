"""What one run costs, and what a month costs in which nothing is dropped.

    python -m tools.cost [--megabytes MB] [--train-seconds S] [--training-instances N] [--endpoint-seconds S]
                         [--transform-seconds S] [--stored-gb GB] [--datasets N] [--key]

`make generate` writes the tables for the defaults into docs/operations.md.
"""

import argparse
import dataclasses
import math
import re

from common import cost as instances
from local.parameters import default
from stocks.dataset import sizes
from tools import ROOT
from tools.generate import machines
from tools.prices import PRICES, PRICES_OF

EXAMPLE_MEGABYTES = (ROOT / "examples" / "prices.csv").stat().st_size / 1e6
TRAIN_SECONDS, ENDPOINT_SECONDS, TRANSFORM_SECONDS, STORED_GB = 180, 420, 180, 1  # assumed
# Measured on a laptop with examples/prices.csv, 2026-11-24: GB-seconds of all functions; cold starts are not in it.
LAMBDA_FIXED, LAMBDA_PER_MEGABYTE, LAMBDA_PER_POLL = 5.1, 48.3, 0.07
HOURS = 720  # of a month
ROW_CHARACTERS = 64  # of a CSV


@dataclasses.dataclass(frozen=True)
class Scheduled:
    """A function that a schedule starts: how often a month, and each time its calls of S3, those of a dataset apart."""

    times: int
    lists: int = 0
    lists_of_each: int = 0
    reads_of_each: int = 0

    def listed(self, datasets: int) -> int:
        return self.times * (self.lists + self.lists_of_each * datasets)

    def read(self, datasets: int) -> int:
        return self.times * self.reads_of_each * datasets


# For datasets at rest, each with a settings.json or without; tests/unit/test_cost.py counts the calls.
SWEEP = Scheduled(HOURS * 4)
RESUME = Scheduled(HOURS * 4, lists=4, lists_of_each=6, reads_of_each=2)
RETIRE = Scheduled(30, lists=3, lists_of_each=6, reads_of_each=1)
SCHEDULED = (SWEEP, RESUME, RETIRE)


@dataclasses.dataclass(frozen=True)
class Item:
    what: str
    amount: float
    price: str  # a key of PRICES

    def usd(self, free: bool = False) -> float:
        price = PRICES[self.price]
        return price.usd * max(0.0, self.amount - (price.free if free else 0.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=EXAMPLE_MEGABYTES, help="size of the CSV")
    parser.add_argument("--train-seconds", type=float, default=TRAIN_SECONDS, help="billed seconds of the training job")
    parser.add_argument(
        "--endpoint-seconds", type=float, default=ENDPOINT_SECONDS, help="seconds that the endpoint lives"
    )
    parser.add_argument(
        "--transform-seconds",
        type=float,
        default=TRANSFORM_SECONDS,
        help="billed seconds of the transform job that takes the endpoint's place with EndpointMode transform",
    )
    parser.add_argument("--training-instances", type=int, default=1, help="that the training job has")
    parser.add_argument("--stored-gb", type=float, default=STORED_GB, help="in the three buckets, over an idle month")
    parser.add_argument("--datasets", type=int, default=1, help="that Resume and Retire look at")
    parser.add_argument("--key", action="store_true", help="the stack has a KMS key of its own")
    given = parser.parse_args()
    idle = given.stored_gb, given.key, given.datasets, given.training_instances, given.transform_seconds
    print(tables(given.megabytes, given.train_seconds, given.endpoint_seconds, *idle), end="")


def default_tables() -> str:
    return tables(EXAMPLE_MEGABYTES, TRAIN_SECONDS, ENDPOINT_SECONDS, STORED_GB, key=False)


def tables(
    megabytes: float,
    train_seconds: float,
    endpoint_seconds: float,
    stored_gb: float,
    key: bool,
    datasets: int = 1,
    training_instances: int = 1,
    transform_seconds: float = TRANSFORM_SECONDS,
) -> str:
    """Both tables as Markdown."""
    kind = default("TrainingInstanceType")
    billed, hosts = train_seconds, f" on {training_instances} instances" if training_instances > 1 else ""
    train_seconds *= training_instances
    sagemaker = instances.estimate(train_seconds, kind, endpoint_seconds, default("EndpointInstanceType"))
    if sagemaker is None:
        raise ValueError(f"{kind} has no price in functions/common/cost.py")
    items = run(megabytes, train_seconds + endpoint_seconds)
    transforming = with_transform(megabytes, train_seconds, transform_seconds)
    lines = [
        f"A run of {megabytes:.1f} MB, {billed:.0f} s of training{hosts} and {endpoint_seconds:.0f} s of an endpoint,"
        f" prices of {PRICES_OF} (instances {instances.PRICES_OF}), us-east-1:",
        "",
        "| what | amount | USD |",
        "|---|---|---|",
        f"| SageMaker | {train_seconds + endpoint_seconds:,.0f} instance-seconds, {kind} | {sagemaker:.4f} |",
        *(f"| {item.what} | {amount(item)} | {item.usd():.4f} |" for item in items),
        f"| together | | {sagemaker + sum(item.usd() for item in items):.2f} |",
        f"| together with EndpointMode transform | {transform_seconds:.0f} s of its job | {transforming:.2f} |",
        "",
        f"A month without runs, {stored_gb:g} GB in the buckets, {datasets} dataset{'' if datasets == 1 else 's'}:",
        "",
        "| what | amount | USD | USD beyond what every account has free |",
        "|---|---|---|---|",
    ]
    items = idle_month(stored_gb, key, datasets)
    lines += [f"| {item.what} | {amount(item)} | {item.usd():.3f} | {item.usd(free=True):.3f} |" for item in items]
    both = [sum(item.usd(free) for item in items) for free in (False, True)]
    return "\n".join([*lines, f"| together | | {both[0]:.2f} | {both[1]:.2f} |", ""])


def with_transform(megabytes: float, train_seconds: float, transform_seconds: float) -> float:
    """USD of a run whose forecasts a transform job answers: its requests are written, and its answers read."""
    types = default("TrainingInstanceType"), default("EndpointInstanceType")
    sagemaker = instances.estimate(train_seconds, types[0], transform_seconds, types[1]) or 0.0
    objects = 2 * shards_of(megabytes)  # a request and an answer at least; the job reads and writes, too
    more = [
        Item("Lambda, calls", objects / 2, "lambda_requests"),
        Item("S3, writing", objects, "s3_writes"),
        Item("S3, reading", objects, "s3_reads"),
    ]
    return sagemaker + sum(item.usd() for item in [*run(megabytes, train_seconds + transform_seconds), *more])


def shards_of(megabytes: float) -> int:
    return 1 << sizes.run_bits(round(megabytes * 1e6 / ROW_CHARACTERS), default("ShardKilobytes"))


def amount(item: Item) -> str:
    number = f"{item.amount:,.0f}" if item.amount >= 10 else f"{item.amount:.3g}"
    return f"{number} x {PRICES[item.price].unit}"


def run(megabytes: float, polled_seconds: float) -> list[Item]:
    """Everything of a run but SageMaker. The crawler is taken to use two DPUs, which AWS does not tell."""
    shards = shards_of(megabytes)
    polls = math.ceil(polled_seconds / default("PollSeconds")) + 4  # of the crawler
    seconds = LAMBDA_FIXED + LAMBDA_PER_MEGABYTE * megabytes + LAMBDA_PER_POLL * polls
    return [
        Item("Lambda, computing", seconds, "lambda_seconds"),
        Item("Lambda, calls", 13 + 6 * shards + polls, "lambda_requests"),
        Item("Step Functions, each state once and each poll", states() + 6 * shards + 3 * polls, "transitions"),
        Item("S3, writing", 26 + 16 * shards, "s3_writes"),
        Item("S3, reading", 60 + 26 * shards, "s3_reads"),
        Item("Glue, one crawl", 2 / 6, "crawler"),
        Item("Athena, one query", 10, "athena"),
        Item("CloudWatch, logs", 0.002, "log_intake"),
        Item("CloudWatch, eight metrics for an hour", 8 / HOURS, "metrics"),
        Item("SNS, one e-mail", 1, "emails"),
    ]


def idle_month(stored_gb: float, key: bool, datasets: int = 1) -> list[Item]:
    """What costs while nothing is dropped: what schedules start, what watches, and what is stored."""
    times = sum(one.times for one in SCHEDULED)
    resources = re.findall(r"^    Type: (AWS::CloudWatch::\w+)$", (ROOT / "template.yaml").read_text(), re.MULTILINE)
    items = [
        Item("CloudWatch, alarms", resources.count("AWS::CloudWatch::Alarm"), "alarms"),
        Item("CloudWatch, dashboard", resources.count("AWS::CloudWatch::Dashboard"), "dashboards"),
        Item("CloudWatch, the age of the oldest endpoint", 1, "metrics"),
        Item("Lambda, Sweep, Resume and Retire for a second at a time", times * 0.25, "lambda_seconds"),
        Item("Lambda, their calls", times, "lambda_requests"),
        Item("X-Ray, their traces", times, "traces"),
        Item("CloudWatch, their logs", times * 3e-6, "log_intake"),
        Item("CloudWatch, logs that are kept", times * 3e-6, "log_storage"),
        Item("S3, listing by Resume and Retire", sum(one.listed(datasets) for one in SCHEDULED), "s3_writes"),
        Item("S3, reading by Resume and Retire", sum(one.read(datasets) for one in SCHEDULED), "s3_reads"),
        Item("S3, stored", stored_gb, "s3_storage"),
    ]
    return [*items, Item("KMS, a key of one's own", 1, "key")] if key else items


def states() -> int:
    """How many states the machine has: more than a run enters, but for its polls and shards."""
    return sum(1 for _ in machines.states(machines.definition("forecast")))


if __name__ == "__main__":
    main()
