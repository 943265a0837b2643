"""What a run left in the lake: copied to a folder and shown as a table."""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import pyarrow.compute as pc
import pyarrow.parquet as pq
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from stockcast.console import Grid
from stockcast.target import Target
from tools.aws import Problem, runs

if TYPE_CHECKING:
    from common import events
    from stocks.metrics import MetricsRow

TABLES = ("predictions", "metrics", "runs", "tickers", "prices")
REJECTED = "rejected"
REPORT = "report.html"
AT_ONCE = 8  # objects; a client has ten connections
ALONE = TransferConfig(use_threads=False)  # for each of these
GONE = ("404", "NoSuchKey")


def fetch(stack: Target, dataset: str, run_id: str, out: Path) -> None:
    """Copy the run's Parquet files to out/<table>/ and its report to out/report.html; older copies go."""
    for table in TABLES:
        _copy(stack, f"{table}/dataset={dataset}/run_id={run_id}/", emptied(out / table, "*.parquet"))
    fetch_report(stack, dataset, run_id, out)


def made(out: Path) -> None:
    """Make the folder of results. Raises Problem where there can be none."""
    if out.exists() and not out.is_dir():
        raise Problem(f"{out} is a file; give --out the name of a folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"the folder {out} cannot be made ({error.strerror}); give --out another one") from None


def fetch_report(stack: Target, dataset: str, run_id: str, out: Path) -> Path:
    """Copy the run's report to out/report.html; its path."""
    made(out)
    report = (out / REPORT).resolve()
    key = f"reports/dataset={dataset}/run_id={run_id}/report.html"
    stack.client("s3").download_file(stack.outputs["LakeBucket"], key, str(report))
    return report


def fetch_rejected(stack: Target, dataset: str, sources: list[events.Upload], out: Path) -> None:
    """Copy the lists of rejected rows of uploaded objects to out/rejected/."""
    from common import keys

    folder = out / REJECTED
    for source in sources:
        _copy(stack, keys.rejected(dataset, source), folder)


def emptied(folder: Path, pattern: str) -> Path:
    """The folder, which exists, without files of this pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(pattern):
        old.unlink()
    return folder


def _copy(stack: Target, prefix: str, folder: Path) -> None:
    listed = runs.objects(stack.client("s3"), stack.outputs["LakeBucket"], prefix)
    if gone := download(stack, {one["Key"]: folder / Path(one["Key"]).name for one in listed}):
        raise Problem(f"{gone[0]} was deleted while it was fetched; `stockcast runs{stack.option}` says what there is")


def download(stack: Target, wanted: dict[str, Path]) -> list[str]:
    """Copy objects of the lake to files, several at once; the keys of those that have gone since they were listed."""
    s3, lake = stack.client("s3"), stack.outputs["LakeBucket"]

    def copied(key: str) -> bool:
        wanted[key].parent.mkdir(parents=True, exist_ok=True)
        try:
            s3.download_file(lake, key, str(wanted[key]), Config=ALONE)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
            return False
        return True

    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        return [key for key, found in zip(wanted, pool.map(copied, wanted), strict=True) if not found]
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C waits for no more than those under way


SHOWN_TICKERS = 15


def forecasts_table(folder: Path) -> Grid:
    """The next day's forecast of the tickers that may move most, its 80 % range, and how far they usually move."""
    tickers: dict[str, dict[int, dict]] = {}
    for row in pq.read_table(folder / "predictions", filters=[("split", "=", "future")]).to_pylist():
        tickers.setdefault(row["ticker"], {})[row["horizon"]] = row
    nearest, farthest = min(map(min, tickers.values())), max(map(max, tickers.values()))
    widest = sorted(tickers, key=lambda name: (-tickers[name][farthest]["expected_move"], name))[:SHOWN_TICKERS]
    part = f"{len(widest)} of {len(tickers):,} tickers" if len(widest) < len(tickers) else "all tickers"
    days = sorted({str(tickers[name][nearest]["target_date"]) for name in widest})
    of = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    table = Grid("ticker", title=f"Forecasts for {of}, {part}, the widest first")
    for title in ("price", "forecast", "p10", "p90", f"move {nearest} d", f"move {farthest} d"):
        table.add_title(title, "right")
    for name in widest:
        row, far = tickers[name][nearest], tickers[name][farthest]
        prices = (_price(row[column]) for column in ("naive", "forecast", "p10", "p90"))
        moves = (f"{100 * one['expected_move']:.1f} %" for one in (row, far))
        table.add(name[:20], *prices, *moves)
    return table


def left_out(folder: Path) -> str:
    """Which tickers have no forecast, and why the first has none."""
    without = [row for row in pq.read_table(folder / "tickers").to_pylist() if row["status"] != "forecast"]
    if not without:
        return ""
    names = ", ".join(row["ticker"] for row in without[:5]) + (", ..." if len(without) > 5 else "")
    return f"{len(without):,} without a forecast: {names}; {without[0]['reason']}"


def _price(value: float) -> str:
    return f"{value:,.2f}" if 1 <= abs(value) < 1e7 else f"{value:.5g}"


def models_table(folder: Path) -> Grid:
    """The rows over all tickers: what each model is worth against the naive forecast, best first; and whether the
    difference of its RMSE may be chance, as the report says it."""
    from stocks.reporting import wording

    table = Grid(title="All tickers, by days ahead: errors relative to the naive forecast's")
    for title in ("days", "model", "RMSE/naive", "median", "MAE/naive", "note"):
        table.add_title(title, "left" if title in ("model", "note") else "right")
    for row in _pooled(folder):
        ratios = [_number(row[name], 4) for name in ("rmse_vs_naive", "rmse_vs_naive_median", "mae_vs_naive")]
        table.add(str(row["horizon"]), row["model"], *ratios, "may be chance" if wording.by_chance(row) else "")
    return table


def ranges_table(folder: Path) -> Grid:
    """What the ranges of `forecast` are worth, and the move expected from the last day, median over tickers."""
    table = Grid(title="The ranges of the forecast, by days ahead")
    for title in ("days", "expected move", "80 % covers", "95 % covers", "pinball bp", "vs constant"):
        table.add_title(title, "right")
    future = pq.read_table(folder / "predictions", filters=[("split", "=", "future")])
    for row in _pooled(folder):
        if row["model"] != "forecast":
            continue
        moves = future.filter(pc.equal(future["horizon"], row["horizon"]))["expected_move"].to_pylist()
        table.add(
            str(row["horizon"]), f"{100 * statistics.median(moves):.2f} %",
            _number(row["coverage80"], 3), _number(row["coverage95"], 3), _number(row["pinball"], 1),
            _number(row["pinball_vs_constant"], 4),
        )  # fmt: skip
    return table


def _pooled(folder: Path) -> list[MetricsRow]:
    """The metrics over all tickers, by horizon and error; a model without a figure comes last."""
    rows = pq.read_table(folder / "metrics")
    order: list[tuple[str, Literal["ascending"]]] = [("horizon", "ascending"), ("rmse_vs_naive", "ascending")]
    pooled = rows.filter(pc.equal(rows["ticker"], "*")).sort_by([*order, ("model", "ascending")])
    return cast("list[MetricsRow]", pooled.to_pylist())


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
