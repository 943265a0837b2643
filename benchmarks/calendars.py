"""How often the day that a forecast is for is not the day it should be: weekdays, and the calendars of the tickers.

    python -m benchmarks.calendars prices.csv [--every 5] [--rows 100] [--write]

The file is cut after every fifth of its days. Of each ticker with a hundred rows before the cut, the target day of its
last row is compared with the day of its own h-th row after it, where it has one. --write puts the tables into
docs/results.md.
"""

import argparse
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks import tables
from benchmarks.tables import Table
from stocks.contract import FEWEST_ROWS, HORIZONS
from stocks.dataset import calendars

WEEKEND_ROWS = 250
MOST_WRONG = (0.5, 2.0, 8.0)  # percent by horizon, set before this was measured
OURS, FIRST = "calendars", "weekdays"

type Days = dict[str, np.ndarray]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path, help="a CSV with the columns ticker and date")
    parser.add_argument("--every", type=int, default=5, help="days of the file from one cut to the next")
    parser.add_argument("--rows", type=int, default=FEWEST_ROWS, help="that a ticker must have before a cut")
    parser.add_argument("--write", action="store_true", help="into docs/results.md")
    args = parser.parse_args(argv)
    made = report(*measure(read(args.csv), args.every, args.rows))
    print(*made, sep="\n")
    if args.write:
        tables.write(args.csv.stem, made)


def report(wrong: dict[str, list[float]], used: Counter[str]) -> list[Table]:
    """The shares of wrong days beside their limits, and how many forecasts each calendar was used for."""
    met = all(share <= most / 100 for share, most in zip(wrong[OURS], MOST_WRONG, strict=True))
    limits = " / ".join(f"{most:g}" for most in MOST_WRONG)
    title = f"Wrong target days in percent, at most {limits}: {'met' if met else '**not met**'}"
    shares = [[name, *(f"{100 * share:.2f}" for share in wrong[name])] for name in wrong]
    header = ("days by", *(f"h = {horizon}" for horizon in HORIZONS))
    counts = [[name, f"{count:,}"] for name, count in used.most_common()]
    return [
        Table("days", title, header, shares),
        Table("days-calendars", "Calendars that were inferred", ("calendar", "forecasts"), counts),
    ]


def read(file: Path) -> Days:
    """Each ticker's days, int32 since 1970, ascending."""
    found: dict[str, set[str]] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["ticker"], set()).add(row["date"])
    return {ticker: np.array(sorted(days), "datetime64[D]").astype(np.int32) for ticker, days in found.items()}


def measure(days: Days, every: int, rows: int) -> tuple[dict[str, list[float]], Counter[str]]:
    """The share of wrong days by horizon, for each way to find them; and how often each calendar was used."""
    wrong: dict[tuple[str, int], list[bool]] = {}
    used: Counter[str] = Counter()
    for cut in np.unique(np.concatenate(list(days.values())))[::every]:
        known = {ticker: own[: np.searchsorted(own, cut, side="right")] for ticker, own in days.items()}
        known = {ticker: own for ticker, own in known.items() if len(own) >= rows}
        found = {ticker: calendars.evidence(own) for ticker, own in known.items()}
        votes = calendars.count_votes(found.values())
        for ticker, own in known.items():
            calendar = calendars.choose(found[ticker], votes)
            used[calendar] += 1
            for name, horizon, right in targets(own, days[ticker], calendar):
                wrong.setdefault((name, horizon), []).append(not right)
    names = dict.fromkeys(name for name, _ in wrong)
    return {name: [float(np.mean(wrong[name, horizon])) for horizon in HORIZONS] for name in names}, used


def targets(known: np.ndarray, days: np.ndarray, calendar: str) -> Iterator[tuple[str, int, bool]]:
    """How the days are found, the horizon, and whether the day is that of the ticker's own row.

    FIRST is how the first version found them: calendar days where the last 250 rows have one of a weekend.
    """
    weekdays = np.is_busday(known[-WEEKEND_ROWS:].astype("datetime64[D]")).all()
    for horizon in HORIZONS:
        if len(known) - 1 + horizon < len(days):
            real = days[len(known) - 1 + horizon]
            first = calendars.sessions_ahead("Mon-Fri" if weekdays else "Mon-Sun", known[-1:], horizon)
            yield FIRST, horizon, first[0] == real
            yield OURS, horizon, calendars.sessions_ahead(calendar, known[-1:], horizon)[0] == real


if __name__ == "__main__":
    main()
