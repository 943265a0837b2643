"""What would become of a file, by the code of Split and Scale: no cloud, no upload.

The answer is JSON; docs/files.md describes its keys.
"""

import argparse
import datetime
import io
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from local import parameters
from stockcast import results
from stockcast.console import print_lines
from stocks import series
from stocks.contract import FEWEST_ORIGIN_ROWS, FEWEST_WINDOWS, HORIZONS, VOLATILITY_ROWS, Arrays
from stocks.dataset import sizes
from stocks.dataset.settings import Settings
from stocks.reading import description, verdict
from stocks.reading.intake import Intake, Ticker
from stocks.reading.numbers import SIGNS
from stocks.reading.rejected import Rejected, Unusable, show, to_csv
from stocks.reading.source import Rules, Source, refused_by_name

STDIN = "-"
EXAMPLES = 5

type Answer = dict[str, Any]

EMPTY: Answer = {
    "accepted": False, "reason": "", "line": None, "encoding": "", "separator": "", "layout": "", "order": "",
    "decimal": "", "columns": {}, "ignored": [], "rows": 0, "rejected_rows": 0, "tickers": [], "notes": [],
    "examples": [], "ticker_from": "", "model": "none",
}  # fmt: skip


class Checked(NamedTuple):
    """The answer, and all rejected rows that are kept."""

    answer: Answer
    rejected: list[Rejected]


def command(arguments: argparse.Namespace) -> int:
    answer = check(arguments.file).answer
    if arguments.json:
        print(json.dumps(answer, indent=2))
    else:
        print_lines(in_words(arguments.file, answer))
    return 0 if answer["accepted"] else 1


def by_parameters(deployed: Mapping[str, str]) -> Settings:
    """What a stack of these parameters judges by; the laptop's where one is not given."""

    def value(name: str) -> float:
        return float(deployed[name] if name in deployed else parameters.of_laptop(name))

    return Settings(test_fraction=value("TestFraction"), bad_row_tolerance=value("BadRowTolerance"))


def check(file: str, settings: Settings | None = None) -> Checked:
    """Judge a file by its path, or standard input where that is "-". A bad file gives an answer, never an error.

    By the laptop's parameters where no settings are given.
    """
    try:
        source = _source(file)
    except Unusable as error:
        return Checked(EMPTY | _refusal(error), [error.rejected])
    try:
        return _judge(source, settings or by_parameters({}))
    except OSError as error:
        return Checked(EMPTY | {"reason": f"{file} cannot be read: {error.strerror or error}"}, [])


def _source(file: str) -> Source:
    """Raises Unusable where the path leads to no file that is read."""
    if file == STDIN:
        if sys.stdin is None:
            raise Unusable("standard input is closed; give a file")
        body = sys.stdin.buffer.read()
        name = "stdin.csv.gz" if body.startswith(b"\x1f\x8b") else "stdin.csv"
        return Source(name, len(body), lambda: io.BytesIO(body))
    path = Path(file)
    if path.is_dir():
        raise Unusable(f"{show(file)} is a folder; name one CSV file in it")
    if reason := refused_by_name(path.name):
        raise Unusable(reason)
    if not path.exists():
        raise Unusable(f"there is no file {show(file)}; check its path")
    if not path.is_file():
        raise Unusable(f"{show(file)} is no file that can be read twice; give it as -")
    return Source(path.name, path.stat().st_size, lambda: path.open("rb"))


def _judge(source: Source, settings: Settings) -> Checked:
    tolerance = settings.bad_row_tolerance
    tomorrow = series.day_of(datetime.datetime.now(datetime.UTC).date().isoformat()) + 1
    with tempfile.TemporaryDirectory() as folder:
        intake = Intake(Path(folder), Rules(tomorrow, tolerance, settings.date_order, SIGNS[settings.decimal]))
        answer, rejected = dict(EMPTY), intake.kept
        reasons: dict[str, str] | None = None
        try:
            intake.read(source)
            intake.judge()
            bits = sizes.upload_bits(intake.rows)
            read = [intake.part(number, bits) for number in range(1 << bits)]
            rejected = sorted([*rejected, *(row for _, refused in read for row in refused)])
            answer["rejected_rows"] = intake.bad + sum(len(refused) for _, refused in read)
            if verdict.has_too_many(answer["rejected_rows"], intake.rows, tolerance):
                raise verdict.contradicting(answer["rejected_rows"], intake.rows, tolerance)
            reasons, trains = outlook([rows for rows, _ in read], settings.test_fraction)
            answer |= {"accepted": True, "model": "lstm" if trains else "none"}
        except Unusable as error:
            answer |= _refusal(error)
            rejected = [*rejected, error.rejected]
        if intake.layout:
            report = intake.report()
            answer |= report.pop("reading") | {"rows": report["rows"]}
            answer["rejected_rows"] = max(answer["rejected_rows"], report["rejected_rows"])
            answer["tickers"] = [_ticker(ticker, reasons) for ticker in sorted(intake.found())]
    answer["examples"] = [row._asdict() for row in rejected if row.line][:EXAMPLES]
    return Checked(answer, rejected)


def outlook(parts: Sequence[Arrays], test_fraction: float) -> tuple[dict[str, str], bool]:
    """What becomes of a dataset with this file alone: why tickers are not forecast, and whether an LSTM is trained."""
    days, counts = np.unique(np.concatenate([part["day"] for part in parts]), return_counts=True)
    try:
        cuts = series.cuts(days, counts, test_fraction)
    except Unusable as error:
        return {str(name): str(error) for part in parts for name in part["tickers"]}, False
    shards = [series.build(part, cuts) for part in parts]
    enough = windows(shards)
    reasons = {skip["ticker"]: skip["reason"] for shard in shards for skip in series.skipped(shard, cuts)}
    return reasons, all(enough[block] >= fewest for block, fewest in FEWEST_WINDOWS.items())


def _refusal(error: Unusable) -> Answer:
    line, reason, _ = error.rejected
    return {"accepted": False, "reason": reason, "line": line or None}


def _ticker(read: Ticker, reasons: dict[str, str] | None) -> Answer:
    """reasons are those of the tickers that are not forecast; None where the whole file is refused."""
    reason = "the file is refused" if reasons is None else reasons.get(read.name, "")
    return {
        "ticker": read.name,
        "rows": read.rows,
        "first_day": series.iso(read.first_day),
        "last_day": series.iso(read.last_day),
        "last_adjclose": read.last_adjclose,
        "usable": not reason,
        "reason": reason,
    }


def windows(shards: Iterable[series.Shard]) -> dict[str, int]:
    """How many windows the LSTM has to learn from and to stop by, as training/train.py counts them."""
    counts = dict.fromkeys(FEWEST_WINDOWS, 0)
    for shard in shards:
        for ticker in shard.select(series.usable(shard)):
            moves = np.concatenate([[0], np.cumsum(np.diff(ticker.rows["adjclose"]) != 0)])
            for block, (begin, end) in zip(counts, pairwise([0, *ticker.bounds[:2].tolist()]), strict=True):
                origins = np.arange(max(begin, FEWEST_ORIGIN_ROWS - 1), end - max(HORIZONS))
                counts[block] += int((moves[origins] > moves[np.maximum(origins - VOLATILITY_ROWS, 0)]).sum())
    return counts


def write_rejected(rejected: Iterable[Rejected], file: Path, out: Path) -> None:
    """Leave the file's rejected rows where a run leaves those that the cloud refused."""
    (out / results.REJECTED / f"check-{file.name.removesuffix('.csv')}.csv").write_text(to_csv(rejected))


def in_words(name: str, answer: Answer) -> Iterator[str]:
    """The answer in a few lines."""
    where = f"line {answer['line']}: " if answer["line"] else ""
    yield f"{name}: accepted" if answer["accepted"] else f"{name}: refused: {where}{answer['reason']}"
    if not answer["layout"]:
        return
    yield f"  {description.form(answer)}"
    yield f"  {description.columns(answer)}"
    yield f"  {_count(answer['rows'], 'row')}, {answer['rejected_rows']:,} rejected"
    if answer["accepted"]:
        yield from (f"    line {row['line']}: {row['reason']}" for row in answer["examples"])
    yield from _tickers(answer)
    yield from (f"  {note}" for note in answer["notes"])
    if answer["accepted"] and answer["model"] == "none":
        yield "  too few rows to train the LSTM: the forecast is the last price, with ranges that follow volatility"


def _tickers(answer: Answer) -> Iterator[str]:
    tickers, source = answer["tickers"], description.ticker_source(answer)
    if len(tickers) == 1:
        (only,) = tickers
        span = f"{only['first_day']} to {only['last_day']}"
        days = f"{_count(only['rows'], 'day')}, {span}, last {only['last_adjclose']:g}"
        yield f"  ticker {show(only['ticker'])}{f' ({source})' if source else ''}: {days}"
    elif tickers:
        first = min(ticker["first_day"] for ticker in tickers)
        last = max(ticker["last_day"] for ticker in tickers)
        names = description.listed(ticker["ticker"] for ticker in tickers)
        yield f"  {len(tickers):,} tickers, {first} to {last}: {names}"
    short = [ticker for ticker in tickers if ticker["reason"]]
    if answer["accepted"] and short:
        names = description.listed(ticker["ticker"] for ticker in short)
        yield f"  {len(short):,} without a forecast: {names}; {short[0]['reason']}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
