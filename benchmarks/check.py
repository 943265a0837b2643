"""What a check of a file costs beside reading it with pandas: whole processes, one after the other in turn.

    python -m benchmarks.check [--megabytes 10] [--times 5] [--write]

--write puts the table into docs/operations.md.
"""

import argparse
import dataclasses
import statistics
import tempfile
from pathlib import Path

from benchmarks import ROOT, children, tables
from tests.corpus.forms import FORMS
from tests.corpus.forms.form import Form
from tools import sections

DOCUMENT = ROOT / "docs" / "operations.md"
DAYS = 900  # from 2023-01-02
TRIED = (  # one of each layout, and the dearest decisions: another encoding, several kinds of a share
    "Stooq in bulk",
    "yfinance, several tickers",
    "Chinese data sellers, in GB18030 with a line above",
    "NSE's bhavcopies of a year in one file",
)
HEADER = ["form", "MB", "tickers", "check, s", "pandas.read_csv, s", "check / pandas"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="into docs/operations.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [row(form, given.megabytes, given.times, Path(folder)) for form in FORMS if form.site in TRIED]
    text = tables.rows(HEADER, rows) + "\n"
    print(text)
    if given.write:
        sections.write(DOCUMENT, "check", text)


def row(form: Form, megabytes: float, times: int, folder: Path) -> list[str]:
    """One line of the table: medians of the seconds, and of the ratios of neighbours."""
    large = enlarged(form, megabytes)
    file = folder / form.file
    file.write_bytes(large.body(DAYS))
    read = f"import pandas; pandas.read_csv({str(file)!r}, encoding={form.encoding!r}, dtype=str, skiprows=1)"
    ours, theirs = [], []
    for _ in range(times):
        ours.append(children.run("-m", "local", "check", file, cwd=ROOT).wall)
        theirs.append(children.run("-c", read, cwd=ROOT).wall)
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    seconds = [f"{statistics.median(measured):.2f}" for measured in (ours, theirs)]
    return [form.site, f"{file.stat().st_size / 1e6:.1f}", str(len(large.tickers)), *seconds, f"{ratio:.2f}"]


def enlarged(form: Form, megabytes: float) -> Form:
    """The form with as many tickers as fill a file of that size over DAYS days."""
    two = dataclasses.replace(form, tickers=("T000", "T001"))
    count = round(2 * megabytes * 1e6 / len(two.body(DAYS)))
    return dataclasses.replace(form, tickers=tuple(f"T{number:03d}" for number in range(max(count, 2))))


if __name__ == "__main__":
    main()
