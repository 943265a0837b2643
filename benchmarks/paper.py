"""A run on AWS on paper: from measured speeds and the template's limits to time, cost and the limit that comes first.

Assumed, since nothing was tried on AWS: a processor of Lambda or of an instance is as fast as the measuring machine's;
every epoch that training may take is taken; an instance comes up in MINUTES_UP, and a crawl takes CRAWL_MINUTES.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from benchmarks import lambdas
from benchmarks.learned import Learned
from common import cost
from local.parameters import default
from merge import MOST_ROWS
from stocks.dataset import sizes
from stocks.endpoint import CALIBRATION_ORIGINS
from stocks.reading.lines import MOST_BYTES, MOST_LINES
from stocks.reading.rows import ROW
from tools import cost as tool
from tools.cost import Item

MAPS = ("merge", "scale", "baseline", "forecast", "publish")
WHOLE = ("gather", "check_data", "calibrate", "summarize")
EVENTS = 7  # of a history for one shard of a Map: its iteration's two, its Task's five
HISTORY = 25_000
EPOCHS, CAP = 6, 1_000_000  # what train.py takes by default
INSTANCES = {"large": (2, 8), "xlarge": (4, 16), "2xlarge": (8, 32), "4xlarge": (16, 64), "24xlarge": (96, 384)}
MINUTES_UP, CRAWL_MINUTES = 5.0, 2.0
MIB_A_GIB = 1024
TEST, TRAINED = 0.2, 0.8 * 0.7  # of the rows: origins of the test period, windows to learn from


class Line(NamedTuple):
    """A cost that grows with rows: fixed + by_row x rows."""

    fixed: float
    by_row: float

    def at(self, rows: float) -> float:
        return self.fixed + self.by_row * rows

    @classmethod
    def through(cls, few: tuple[float, float], many: tuple[float, float]) -> "Line":
        """Through two measured (rows, cost); one that does not grow is as great as the greater of both."""
        by_row = max(0.0, (many[1] - few[1]) / (many[0] - few[0]))
        return cls(max(many[1] - by_row * many[0], 0.0), by_row)


@dataclasses.dataclass(frozen=True)
class Training:
    """CPU seconds of an epoch by window that it takes and by row, since it is validated on all of them; seconds beside
    the epochs and MiB for rows of the table; CPU seconds of the endpoint for one origin."""

    by_window: float
    by_row: float
    other: Line
    memory: Line
    origin: float

    @classmethod
    def of(cls, few: Learned, many: Learned) -> "Training":
        """From what was measured of few and of many rows."""
        known = np.array([[one.windows, one.rows] for one in (few, many)], float)
        by_window, by_row = np.maximum(np.linalg.solve(known, [few.epoch, many.epoch]), 0).tolist()
        other, memory = (
            Line.through((few.rows, getattr(few, name)), (many.rows, getattr(many, name)))
            for name in ("other", "peak_mib")
        )
        return cls(by_window, by_row, other, memory, many.origin)


@dataclasses.dataclass(frozen=True)
class Speeds:
    """cpu: seconds of a step for rows of the whole table. memory: MiB for rows of what a call works on.

    A line holds between the sizes that it was measured at, and not far beyond: what steps that read all shards hold
    grows with days, tickers and shards that are read at once, so benchmarks.market measures them. characters: of a row
    of the CSV.
    """

    cpu: Mapping[str, Line]
    memory: Mapping[str, Line]
    training: "Training"
    characters: float


class Market(NamedTuple):
    tickers: int
    days: int

    @property
    def rows(self) -> int:
        return self.tickers * self.days

    @property
    def origins(self) -> float:
        return self.tickers * (TEST * self.days + CALIBRATION_ORIGINS)


class Stage(NamedTuple):
    """A part of a run: how many calls, the seconds of one, of all of them by the clock, what it costs, and the shares
    of each limit that it uses."""

    name: str
    calls: int
    each: float
    wall: float
    usd: float
    limits: Mapping[str, float]

    @property
    def nearest(self) -> tuple[str, float]:
        return max(self.limits.items(), key=lambda limit: limit[1])


def run(market: Market, speeds: Speeds) -> list[Stage]:
    """The stages in order; those of "Fit models" stand one after the other, though two branches run at once."""
    shards = shards_of_rows(market.rows)
    stages = [split(market, speeds), whole("gather", market, speeds)]
    stages += [mapped("merge", market, speeds, shards), whole("check_data", market, speeds)]
    stages += [mapped(step, market, speeds, shards) for step in ("scale", "baseline")]
    stages += [training(market, speeds), serving(market, speeds, shards), whole("calibrate", market, speeds)]
    stages += [mapped("publish", market, speeds, shards), whole("summarize", market, speeds), rest(shards)]
    return stages


def shards_of_rows(rows: int) -> int:
    """Into how many shards Gather cuts a run of so many rows."""
    return 1 << sizes.run_bits(rows, default("ShardKilobytes"))


def split(market: Market, speeds: Speeds) -> Stage:
    """As many files as the tightest of Split's limits asks for."""
    function, cpu = lambdas.of("split"), speeds.cpu["split"].at(market.rows)
    whole = {
        "lines of a file": market.rows / MOST_LINES,
        "bytes of a file": market.rows * speeds.characters / MOST_BYTES,
        "disk": market.rows * ROW.itemsize / (function.disk << 20),
        "time": function.seconds(cpu) / function.timeout,
    }
    files = math.ceil(max(1.0, *whole.values()))
    each = function.seconds(cpu) / files
    limits = {name: share / files for name, share in whole.items()}
    limits["memory"] = speeds.memory["split"].at(market.rows / files) / function.megabytes
    wall = math.ceil(files / default("MaxConcurrency")) * each
    return Stage("split", files, each, wall, computing(each * files, function), limits)


def mapped(step: str, market: Market, speeds: Speeds, shards: int) -> Stage:
    function, rows = lambdas.of(step), market.rows / shards
    each = function.seconds(speeds.cpu[step].at(market.rows) / shards)
    limits = {
        "time": each / function.timeout,
        "memory": speeds.memory[step].at(rows) / function.megabytes,
        "rows of a shard": rows / MOST_ROWS,
    }
    wall = math.ceil(shards / default("MaxConcurrency")) * each
    return Stage(step, shards, each, wall, computing(each * shards, function), limits)


def whole(step: str, market: Market, speeds: Speeds) -> Stage:
    function = lambdas.of(step)
    each = function.seconds(speeds.cpu[step].at(market.rows))
    memory = speeds.memory[step].at(market.rows) / function.megabytes
    return Stage(step, 1, each, each, computing(each, function), {"time": each / function.timeout, "memory": memory})


def training(market: Market, speeds: Speeds) -> Stage:
    learned, kind = speeds.training, default("TrainingInstanceType")
    windows = min(TRAINED * market.rows, CAP * default("TrainingInstanceCount"))
    epoch = learned.by_window * windows + learned.by_row * market.rows
    seconds = EPOCHS * epoch + learned.other.at(market.rows)
    _, gigabytes = INSTANCES[kind.rpartition(".")[2]]
    memory = learned.memory.at(market.rows) / (gigabytes * MIB_A_GIB)
    usd = cost.estimate(seconds, kind, 0, kind) or 0.0
    limits = {"time": seconds / default("TrainingMaxSeconds"), "memory": memory}
    return Stage("training", 1, seconds, seconds + 60 * MINUTES_UP, usd, limits)


def serving(market: Market, speeds: Speeds, shards: int) -> Stage:
    """Forecast's calls share the endpoint's processors, and wait for them."""
    kind, function, count = default("EndpointInstanceType"), lambdas.of("forecast"), default("EndpointInstanceCount")
    processors = INSTANCES[kind.rpartition(".")[2]][0] * count
    served = market.origins * speeds.training.origin / processors
    client = mapped("forecast", market, speeds, shards)
    wall = max(served, client.wall)
    each = max(client.each, wall * min(shards, default("MaxConcurrency")) / shards)
    usd = (cost.estimate(0, kind, wall + 60 * MINUTES_UP, kind, count) or 0.0) + computing(each * shards, function)
    limits = {**client.limits, "time": each / function.timeout}
    return Stage("forecast, with the endpoint", shards, each, wall + 60 * MINUTES_UP, usd, limits)


def rest(shards: int) -> Stage:
    """The crawl, all transitions, and S3."""
    polls = tool.run(0, 60 * (CRAWL_MINUTES + 2 * MINUTES_UP))
    items = [item for item in polls if not item.what.startswith(("Lambda", "Step Functions", "S3"))]
    items += [
        Item("transitions", tool.states() + len(MAPS) * shards, "transitions"),
        Item("writing", 26 + 16 * shards, "s3_writes"),
        Item("reading", 60 + 26 * shards, "s3_reads"),
    ]
    seconds = 60 * CRAWL_MINUTES
    events = {"history of the execution": EVENTS * len(MAPS) * shards / HISTORY}
    return Stage("crawl, transitions, S3", 1, seconds, seconds, sum(item.usd() for item in items), events)


def computing(seconds: float, function: lambdas.Function) -> float:
    """USD of a function's seconds."""
    return Item("", seconds * function.megabytes / MIB_A_GIB, "lambda_seconds").usd()


def hours(stages: list[Stage]) -> float:
    """By the clock; the forest works while the LSTM is trained and asked."""
    walls = {stage.name: stage.wall for stage in stages}
    branches = walls.pop("baseline"), walls.pop("training") + walls.pop("forecast, with the endpoint")
    return (max(branches) + sum(walls.values())) / 3600


def first(market: Market, speeds: Speeds) -> tuple[int, str]:
    """At how many tickers of so many days the first limit is met, and which it is; doubled, then halved in between."""
    low, high = 1, 2
    while not over(market._replace(tickers=high), speeds):
        low, high = high, 2 * high
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        low, high = (low, middle) if over(market._replace(tickers=middle), speeds) else (middle, high)
    return low, over(market._replace(tickers=high), speeds)


def over(market: Market, speeds: Speeds) -> str:
    """The limit that is exceeded furthest, or nothing. Files of Split are as many as it takes."""
    stage = max(run(market, speeds), key=lambda one: one.nearest[1])
    return f"{stage.name}: {stage.nearest[0]}" if stage.nearest[1] > 1 else ""
