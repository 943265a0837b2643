"""Feed seeded random changes of known inputs to whatever reads what strangers wrote: CSV files and the model's JSON.

    python -m benchmarks.fuzz [--seconds 600] [--seed 1] [--out DIR] [--write]

prints what was tried, and ends with 1 where an input crashed its reader, took longer than PATIENCE or more than
MOST_MIB of memory; that input is then in DIR. --write puts what was tried into docs/operations.md.
"""

import argparse
import datetime
import io
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import ROOT, children, tables
from benchmarks.mutations import changed
from stocks.contract import HORIZONS, OUTPUTS

# The region is never asked: no client is made. Modules of Lambda want one when they are imported all the same.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ.setdefault("POWERTOOLS_TRACE_DISABLED", "true")

from local.sagemaker import tf_json
from stocks import endpoint
from stocks.reading import intake
from stocks.reading.rejected import LONGEST_REASON, Unusable, to_csv
from stocks.reading.source import Source
from tests.corpus.cases import CASES
from tests.support import shards
from tests.support.prices import walk
from tools import sections

DOCUMENT = ROOT / "docs" / "operations.md"
MOST_MIB = 512
PATIENCE = 60  # seconds of CPU for one input
MOST_SEED = 100_000  # bytes
MODEL = 6 << 20  # what SageMaker lets through either way; ours stay under 4 MB
ACCEPTED, REJECTED = "accepted", "rejected"


class Target(NamedTuple):
    """What is fed: its seeds, the most bytes of an input, and a reader; whatever that raises is a crash."""

    name: str
    seeds: Sequence[bytes]
    largest: int
    read: Callable[[bytes], str]


def read_csv(body: bytes) -> str:
    """As Split reads an object, by the name that its first bytes suggest."""
    name = "FILE.csv.gz" if body.startswith(b"\x1f\x8b") else "FILE.csv"
    with tempfile.TemporaryDirectory() as folder:
        taken = intake.Intake(Path(folder))
        try:
            taken.read(Source(name, len(body), lambda: io.BytesIO(body)))
            taken.judge()
        except Unusable as error:
            if not 0 < len(str(error)) <= LONGEST_REASON or not str(error).isprintable():
                raise AssertionError(f"no message for people: {str(error)[:2000]!r}") from error
            to_csv([*taken.kept, error.rejected])
            other_bars = taken.layout and not taken.bad and str(error).startswith("these are ")
            return ACCEPTED if other_bars and accounted(taken) else REJECTED
        accounted(taken)
        json.dumps(taken.report())
        to_csv(taken.kept)
        return ACCEPTED if not taken.bad else REJECTED


def accounted(taken: intake.Intake) -> bool:
    """Every row of a file with one price per line is stored, bad, left out or without a price; parts have it once."""
    stored = np.concatenate([taken.stored(pile) for pile in range(intake.PILES)])
    assert taken.layout
    if len(taken.layout.panels) == 1 and len(stored) + taken.bad + taken.empty + taken.left_out != taken.rows:
        raise AssertionError(f"{len(stored)} rows stored and {taken.bad} bad of {taken.rows}")
    kept, days = (
        (len(taken.part(number, 1)[0]["day"]) for number in range(2)),
        len(np.unique(stored[["ticker", "day"]])),
    )
    if (found := sum(kept)) != days:
        raise AssertionError(f"{found} rows in parts, of {days} days of tickers")
    return True


SHARD = shards.shard({"A": walk(1, 63), "B": walk(2, 62)})
INSTANCES = [endpoint.Instance(0, 60, 62), endpoint.Instance(1, 60, 61)]


def read_answer(body: bytes) -> str:
    """As Forecast reads what the endpoint answered."""
    try:
        answers = zip(INSTANCES, endpoint.prices(SHARD, INSTANCES, body), strict=True)
        found = endpoint.assemble(SHARD, answers)["outputs"]
    except endpoint.NotAForecast:
        return REJECTED
    lstm, prices, expected = found[..., endpoint.LSTM], found[..., 1 : endpoint.EXPECTED_MOVE], found[..., -1]
    known = np.concatenate([prices, lstm[..., None]] if lstm.any() else [prices], axis=2)  # 0 is no LSTM
    if not (((known > 1) & (known < 10_000)).all() and ((expected >= 0) & (expected < 2)).all()):
        raise AssertionError("a forecast that is none of these tickers")
    return ACCEPTED


INPUTS = dict.fromkeys(("adjclose", "high", "low"), np.dtype("float32"))


def read_request(body: bytes) -> str:
    """As the laptop's endpoint reads what Forecast asks."""
    try:
        tensors, _, _ = tf_json.read(body, INPUTS)
    except tf_json.Refused:
        return REJECTED
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise AssertionError("a tensor that is not finite")
    return ACCEPTED


def answers() -> list[bytes]:
    lasts = [SHARD.adjclose[60:63].tolist(), SHARD.adjclose[-3:].tolist()]
    good, without_lstm = (
        [[[[price * trained, *[price] * (len(OUTPUTS) - 2), 0.01]] * len(HORIZONS) for price in last] for last in lasts]
        for trained in (1, 0)
    )
    others: tuple = (
        {"error": "out of memory"},
        {"predictions": []},
        [],
        {"predictions": [[[[None]]]]},
        {"predictions": [10**400]},
    )
    seeds = ({"predictions": good}, {"predictions": without_lstm})
    return [*(json.dumps(seed).encode() for seed in seeds), *(json.dumps(other).encode() for other in others)]


def requests() -> list[bytes]:
    row = {name: [0.0, 10.5, 11.25] for name in INPUTS}
    others = (
        {"instances": [row, row], "signature_name": "serving_default"},
        {"inputs": {name: [[1.5]] for name in INPUTS}},
    )
    bad = ({"instances": [1]}, {"instances": [{**row, "low": [2**24, None, True]}]}, {"inputs": [[1]], "instances": []})
    return [json.dumps(request).encode() for request in (*others, *bad)]


def targets() -> list[Target]:
    contents = [case.body for case in CASES if isinstance(case.body, bytes) and len(case.body) <= MOST_SEED]
    return [
        Target("CSV files", contents, 24 << 20, read_csv),
        Target("answers of the model", answers(), MODEL, read_answer),
        Target("requests to the model", requests(), MODEL, read_request),
    ]


def feed(seconds: float, seed: int, current: Path) -> dict[str, Counter[str]]:
    """Try inputs until the time is up; the one under way is always in `current`. Raises what a reader raises."""
    choose, counts = random.Random(seed), {target.name: Counter[str]() for target in targets()}  # noqa: S311
    every, end = targets(), time.monotonic() + seconds
    with current.open("wb") as file:
        while time.monotonic() < end:
            target = choose.choice(every)
            body = changed(choose, target.seeds, target.largest)
            file.seek(0)
            file.truncate()
            file.write(body)
            file.flush()
            signal.setitimer(signal.ITIMER_PROF, PATIENCE)
            try:
                counts[target.name][target.read(body)] += 1
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
    return counts


def child(options: argparse.Namespace) -> None:
    signal.signal(signal.SIGPROF, _too_slow)
    try:
        counts = feed(options.seconds, options.seed, options.out / "current")
    except BaseException:
        (options.out / "counts.json").write_text(json.dumps({"crash": traceback.format_exc()}))
        raise
    (options.out / "counts.json").write_text(json.dumps(counts))


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"one input took more than {PATIENCE} s of CPU")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(".local/fuzz"))
    parser.add_argument("--write", action="store_true", help="into docs/operations.md")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out = options.out.absolute()
    if options.child:
        child(options)
        return 0
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "counts.json").unlink(missing_ok=True)
    arguments = ("--seconds", options.seconds, "--seed", options.seed, "--out", options.out)
    try:
        cost = children.run("-m", "benchmarks.fuzz", "--child", *arguments, cwd=ROOT)
    except RuntimeError as error:
        print(f"seed {options.seed}: crashed by the input {options.out / 'current'}\n{error}")
        return 1
    text = report(json.loads((options.out / "counts.json").read_text()), options.seed, options.seconds, cost.peak_mib)
    print(text)
    if options.write:
        sections.write(DOCUMENT, "fuzz", text)
    return int(cost.peak_mib >= MOST_MIB)


def report(counts: dict[str, dict[str, int]], seed: int, seconds: float, peak_mib: float) -> str:
    rows = [
        [name, f"{sum(found.values()):,}", f"{found.get(ACCEPTED, 0):,}", f"{found.get(REJECTED, 0):,}", "0"]
        for name, found in counts.items()
    ]
    header = ["read", "inputs", "accepted", "rejected, or with rejected rows", "crashes"]
    table = tables.rows(header, rows)
    day = datetime.datetime.now(tz=datetime.UTC).date()
    return f"{table}\n\nSeed {seed}, {seconds:.0f} seconds on {day}, peak memory {peak_mib:.0f} MiB of {MOST_MIB}.\n"


if __name__ == "__main__":
    sys.exit(main())
