"""What a run left in the lake: copied to a folder and shown as a table."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.table import Table

from local import cloud
from tools.aws import runs

if TYPE_CHECKING:
    from common import events

TABLES = ("predictions", "metrics", "runs", "tickers")
REJECTED = "rejected"


def fetch(lake: str, dataset: str, run_id: str, out: Path) -> None:
    """Copy the run's Parquet files to out/<table>/ and its report to out/report.html; older copies go."""
    run = f"dataset={dataset}/run_id={run_id}/"
    for table in TABLES:
        _copy(lake, f"{table}/{run}", emptied(out / table, "*.parquet"))
    cloud.client("s3").download_file(lake, f"reports/{run}report.html", str(out / "report.html"))


def fetch_rejected(lake: str, dataset: str, sources: list[events.Upload], out: Path) -> None:
    """Copy the lists of rejected rows of uploaded objects to out/rejected/; older copies go."""
    from common import keys

    folder = emptied(out / REJECTED, "*.csv")
    for source in sources:
        _copy(lake, keys.rejected(dataset, source), folder)


def holder(lake: str, dataset: str) -> str:
    """The ARN of the execution that leads the dataset, empty where none does."""
    return runs.holder(cloud.client("s3"), lake, dataset)


def newest_run(lake: str, dataset: str) -> str:
    """The id of the dataset's newest run, empty where none is published."""
    return runs.newest_run(cloud.client("s3"), lake, dataset)


def emptied(folder: Path, pattern: str) -> Path:
    """The folder, which exists, without files of this pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(pattern):
        old.unlink()
    return folder


def _copy(lake: str, prefix: str, folder: Path) -> None:
    s3 = cloud.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=lake, Prefix=prefix):
        for item in page.get("Contents", []):
            s3.download_file(lake, item["Key"], str(folder / Path(item["Key"]).name))


def models_table(folder: Path) -> Table:
    """The rows over all tickers: what each model is worth against the naive forecast, best first."""
    table = Table(title="All tickers, by days ahead: errors relative to the naive forecast's")
    for title in ("days", "model", "RMSE/naive", "median", "MAE/naive"):
        table.add_column(title, justify="left" if title == "model" else "right")
    for row in _pooled(folder):
        ratios = [_number(row[name], 4) for name in ("rmse_vs_naive", "rmse_vs_naive_median", "mae_vs_naive")]
        table.add_row(str(row["horizon"]), row["model"], *ratios)
    return table


def ranges_table(folder: Path) -> Table:
    """What the ranges of `forecast` are worth, and the move expected from the last day, median over tickers."""
    table = Table(title="The ranges of the forecast, by days ahead")
    for title in ("days", "expected move", "80 % covers", "95 % covers", "pinball bp", "vs constant"):
        table.add_column(title, justify="right")
    future = pq.read_table(folder / "predictions", filters=[("split", "=", "future")])
    for row in _pooled(folder):
        if row["model"] != "forecast":
            continue
        moves = future.filter(pc.equal(future["horizon"], row["horizon"]))["expected_move"].to_pylist()
        table.add_row(
            str(row["horizon"]), f"{100 * statistics.median(moves):.2f} %",
            _number(row["coverage80"], 3), _number(row["coverage95"], 3), _number(row["pinball"], 1),
            _number(row["pinball_vs_constant"], 4),
        )  # fmt: skip
    return table


def _pooled(folder: Path) -> list[dict]:
    """The metrics over all tickers, by horizon and error; a model without a figure comes last."""
    rows = pq.read_table(folder / "metrics")
    order: list[tuple[str, Literal["ascending"]]] = [("horizon", "ascending"), ("rmse_vs_naive", "ascending")]
    return rows.filter(pc.equal(rows["ticker"], "*")).sort_by([*order, ("model", "ascending")]).to_pylist()


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
