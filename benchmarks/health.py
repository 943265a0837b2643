"""How much of what is put into good prices data health recognises, and what it says of the good prices themselves.

    python -m benchmarks.health prices.csv [--rounds 16] [--write]

In each round every ticker gets one error at a random row: a split that is missing, a factor of 100, ten equal prices or
days that are gone. It is recognised if its kind is found at its first day. Anything else that is found is a false flag;
so is everything in the file as it is, and in prices that were invented wild. The same is asked of qlib's rule, a step
above half, and of prices without anything beside adjclose. The last line is the cost beside Scale's own work.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import tables, walk, wild
from common import arrays
from stocks import series
from stocks.contract import COLUMNS, PRICES, Arrays
from stocks.dataset import calendars
from stocks.health import alike, check, levels
from stocks.series import Shard

SEED = 23  # none of those on which the bounds were chosen
LEAST = 5  # rows before and after an error
SPLITS = (1.5, 2, 3, 4, 5, 7, 10, 20)
RUNS = (1, 3, 10, 40, 0)  # rows of a factor of 100; 0 for all that follow
GAPS = (3, 5, 10, 20)
EQUAL = (10, 12, 20)
QLIB = 0.5  # large_step_threshold_price of qlib's check_data_health.py
NAMES = {"step": "a split is missing", "hundred": "a factor of 100", "equal": "ten equal prices", "gap": "days gone"}
TIMES = 5
WILD = (
    ("Student's t of 3 degrees, 10 %", 3.0, 0.1, False),
    ("Student's t of 3 degrees, 4 %", 3.0, 0.04, False),
    ("Student's t of 2.2 degrees, 5 %", 2.2, 0.05, False),
    ("Student's t of 4 degrees, 5 %, in clusters", 4.0, 0.05, True),
)


class Injected(NamedTuple):
    """An error that was put into a ticker; first is the day at which it shows."""

    ticker: str
    kind: str
    first: int


class Count(NamedTuple):
    """By kind how many errors were injected and how many recognised, and the flags that no injection explains."""

    injected: Counter[str]
    ours: Counter[str]
    qlib: Counter[str]
    false: tuple[int, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="a CSV with ticker, date, open, high, low, close, adjclose, volume")
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/results.md")
    given = parser.parse_args()
    rows = walk.read(given.file)
    made = [recognised(rows, given.rounds), untouched(rows), of_wild_prices(), cost(rows)]
    for table in made:
        print(table)
    if given.write:
        tables.write(given.file.stem, made)


def recognised(rows: Arrays, rounds: int) -> tables.Table:
    lines: list[Sequence[str]] = []
    for label, kept in (("all columns", rows), ("adjclose alone", alone(rows))):
        found = measure(kept, rounds)
        for kind, name in NAMES.items():
            shares = (f"{100 * by[kind] / found.injected[kind]:.1f} %" for by in (found.ours, found.qlib))
            lines.append((label, name, f"{found.injected[kind]:,}", *shares))
        lines.append((label, "flagged beside what was injected", "", *(f"{count:,}" for count in found.false)))
    header = ("the file has", "error", "injected", "recognised", "by qlib's rule")
    return tables.Table("health", "Errors put into good prices", header, lines)


def untouched(rows: Arrays) -> tables.Table:
    shard = shard_of(rows)
    lines: list[Sequence[str]] = [
        (str(shard.tickers[one.at]), one.kind, one.text) for one in check.find(shard, votes(shard))
    ]
    lines = lines or [("none", "", "")]
    lines += [(ticker, "qlib's rule", series.iso(day)) for ticker, day in sorted(qlib(shard))]
    return tables.Table("health-false", "What is flagged in the file as it is", ("ticker", "kind", "what"), lines)


def of_wild_prices() -> tables.Table:
    lines: list[Sequence[str]] = []
    for label, degrees, sigma, clustered in WILD:
        rows = wild.prices(degrees, sigma, clustered)
        counts = (len({one.at for one in levels.find(shard_of(kept))}) for kept in (rows, alone(rows)))
        lines.append((label, *(f"{count}" for count in counts)))
    header = ("log moves of a day", "flagged, all columns", "adjclose alone")
    return tables.Table("health-wild", f"Steps flagged in {wild.TICKERS} wild series without an error", header, lines)


def cost(rows: Arrays) -> tables.Table:
    """CPU of the checks and of Merge's hashes for look-alikes, over that of Scale's own work, without S3."""
    body = arrays.pack(rows, {})

    def scale() -> None:
        shard = shard_of(arrays.unpack(body, {}, ""))
        usable = series.usable(shard)
        for wanted in (usable, ~usable):
            arrays.pack(shard.select(wanted).arrays(), {})

    shard = shard_of(rows)
    known = votes(shard)
    calls = (scale, lambda: (check.find(shard, known), alike.hashes(rows)))
    of_scale, of_health = (min(cpu(call) for _ in range(TIMES)) for call in calls)
    line = (f"{1000 * of_scale:.0f}", f"{1000 * of_health:.1f}", f"{100 * of_health / of_scale:.1f} %")
    header = ("Scale, CPU ms", "the checks, CPU ms", "share")
    return tables.Table("health-cost", f"Cost, {len(rows['day']):,} rows", header, [line])


def cpu(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def alone(rows: Arrays) -> Arrays:
    """The rows with adjclose only, as a file of one price gives them."""
    return {**rows, **{name: np.zeros(len(rows["day"])) for name in COLUMNS if name != "adjclose"}}


def shard_of(rows: Arrays) -> Shard:
    days = np.unique(rows["day"], return_counts=True)
    return series.build(rows, series.cuts(*days, 0.2))


def votes(shard: Shard) -> Mapping[str, int]:
    return calendars.count_votes(calendars.evidence(ticker.rows["days"]) for ticker in shard)


def measure(rows: Arrays, rounds: int) -> Count:
    """What is recognised of one error a ticker and round."""
    random = np.random.default_rng(SEED)
    injected, ours, theirs = Counter[str](), Counter[str](), Counter[str]()
    false = [0, 0]
    for turn in range(rounds):
        broken, put = inject(rows, random, turn)
        shard = shard_of(broken)
        expected = {(one.ticker, one.first, one.kind) for one in put}
        found = {(str(shard.tickers[one.at]), one.day, one.kind) for one in check.find(shard, votes(shard))}
        steps = qlib(shard)
        injected.update(one.kind for one in put)
        ours.update(kind for *_, kind in expected & found)
        theirs.update(one.kind for one in put if (one.ticker, one.first) in steps)
        touched = {(one.ticker, one.kind) for one in put}
        false[0] += sum((ticker, kind) not in touched for ticker, _, kind in found)
        false[1] += sum(ticker not in {one.ticker for one in put if one.kind in ("step", "hundred")}
                        for ticker, _ in steps)  # fmt: skip
    return Count(injected, ours, theirs, (false[0], false[1]))


def inject(rows: Arrays, random: np.random.Generator, turn: int) -> tuple[dict[str, np.ndarray], list[Injected]]:
    """The rows with one error in each ticker, whose kinds go by turns; and what was put where."""
    changed = {name: np.array(values) for name, values in rows.items()}
    keep, put = np.ones(len(rows["day"]), bool), []
    edges = np.searchsorted(rows["ticker"], np.arange(len(rows["tickers"]) + 1)).tolist()
    for at, name in enumerate(rows["tickers"].tolist()):
        kind = list(NAMES)[(at + turn) % len(NAMES)]
        own = slice(edges[at], edges[at + 1])
        row = int(random.integers(own.start + LEAST, own.stop - LEAST - max(*GAPS, *EQUAL)))
        shown = put_in(kind, changed, keep, slice(row, own.stop), own, random)
        put.append(Injected(name, kind, int(rows["day"][shown])))
    filtered = {name: values if name == "tickers" else values[keep] for name, values in changed.items()}
    return filtered, put


def put_in(
    kind: str, rows: dict[str, np.ndarray], keep: np.ndarray, after: slice, own: slice, random: np.random.Generator
) -> int:
    """Change the rows of a ticker from one on; the row at which it shows."""
    row = after.start
    if kind == "step":
        ratio = float(random.choice(SPLITS)) ** int(random.choice((1, -1)))
        before = slice(own.start, row)
        multiply(rows, before, ratio, volume=bool(random.integers(2)))
    elif kind == "hundred":
        many = int(random.choice(RUNS))
        end = min(row + many, after.stop) if many else after.stop
        multiply(rows, slice(row, end), float(random.choice((100.0, 0.01))), volume=False)
    elif kind == "equal":
        run = slice(row, row + int(random.choice(EQUAL)))
        for name in PRICES:
            rows[name][run] = rows[name][row]
        while row > own.start and rows["adjclose"][row - 1] == rows["adjclose"][row]:
            row -= 1
    else:
        gone = int(random.choice(GAPS))
        keep[row : row + gone] = False
        return row + gone
    return row


def multiply(rows: dict[str, np.ndarray], place: slice, ratio: float, volume: bool) -> None:
    for name in PRICES:
        rows[name][place] *= ratio
    if volume:
        rows["volume"][place] /= ratio


def qlib(shard: Shard) -> set[tuple[str, int]]:
    """Ticker and day of every step above half, of any price that the file has."""
    found: set[tuple[str, int]] = set()
    for ticker in shard:
        for price in (ticker.rows[name] for name in PRICES):
            with np.errstate(divide="ignore", invalid="ignore"):
                steps = np.abs(price[1:] / price[:-1] - 1)
            known = (price[1:] > 0) & (price[:-1] > 0)
            found |= {(ticker.name, int(day)) for day in ticker.rows["days"][1:][known & (steps > QLIB)]}
    return found


def misses(rows: Arrays, rounds: int) -> Iterator[Injected]:
    """The injections that are not recognised, to look at by hand."""
    random = np.random.default_rng(SEED)
    for turn in range(rounds):
        broken, put = inject(rows, random, turn)
        shard = shard_of(broken)
        found = {(str(shard.tickers[one.at]), one.day, one.kind) for one in check.find(shard, votes(shard))}
        yield from (one for one in put if (one.ticker, one.first, one.kind) not in found)


if __name__ == "__main__":
    main()
