"""Walk forward by calendar year over a CSV of prices: python -m benchmarks.forecast CSV --years 2015-2017 [--subset 10]

Prints, in Markdown, how our forecasts compare with naive, drift, the tutorial's models, statsforecast's and arch's on
the same tickers and days, what high and low and few rows change, what each costs, and which of the targets are met.
`make benchmarks-setup` installs what it needs. --write puts the tables into docs/results.md.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import close_only, results, short, tables, walk
from benchmarks.results import Results
from benchmarks.walk import OURS, Period, Year


def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv)
    if args.write and not tables.keys(args.csv.stem):  # before the long run
        sys.exit(f"{tables.DOCUMENT.name} has no section of {args.csv.stem}")
    if not walk.SLOW_PYTHON.exists():
        print(f"{', '.join(walk.SLOW)} are left out: `make benchmarks-setup` installs them\n")
    found = measure(args)
    made = list(results.tables(found))
    print("\n" + "\n".join(map(str, made)))
    if args.write:
        tables.write(args.csv.stem, made)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path, help="prices, in the columns that docs/files.md lists")
    parser.add_argument("--years", type=years_of, required=True, help="test years, such as 2015-2017 or 2016")
    parser.add_argument("--subset", type=subset_of, default=10, help="tickers for the slow methods: a number or names,"
                        " joined by commas (default %(default)s)")  # fmt: skip
    parser.add_argument("--tutorial-epochs", type=int, default=20, help="of the tutorial's LSTM (default %(default)s)")
    parser.add_argument("--leave-out", choices=("close-only", "short"), nargs="+", default=[],
                        help="years without high and low, or files of few rows")  # fmt: skip
    parser.add_argument("--write", action="store_true", help="into docs/results.md")
    return parser.parse_args(argv)


def years_of(written: str) -> range:
    if not (parts := re.fullmatch(r"(\d{4})(?:-(\d{4}))?", written)):
        raise argparse.ArgumentTypeError(f"{written!r} is neither a year nor two joined by a hyphen")
    return range(int(parts[1]), int(parts[2] or parts[1]) + 1)


def subset_of(written: str) -> int | list[str]:
    return int(written) if written.isdigit() else written.split(",")


def measure(args: argparse.Namespace) -> Results:
    rows = walk.read(args.csv)
    years: list[Year] = []
    lacking: dict[str, list[Period]] = {}
    few: dict[int, list[Period]] = {}
    for year in args.years:
        with tempfile.TemporaryDirectory() as folder:
            years.append(walk.run(rows, year, args.subset, args.tutorial_epochs, Path(folder)))
            if "close-only" not in args.leave_out:
                for name, periods in close_only.of_year(rows, year, years[-1].subset, Path(folder)).items():
                    lacking.setdefault(name, []).extend(periods)
        print(progress(years[-1]), flush=True)
    if "short" not in args.leave_out:
        with tempfile.TemporaryDirectory() as folder:
            few = short.run(rows, short.FILES, Path(folder))
    return Results(years, lacking, few, results.recorded(args.csv, years))


def progress(year: Year) -> str:
    tickers = year.scores[OURS]["tickers"]
    return f"{year.name}: {len(tickers)} tickers, test from {year.cuts['test_from']}, subset {' '.join(year.subset)}"


if __name__ == "__main__":
    main()
