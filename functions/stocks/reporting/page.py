"""The report of a run: one HTML page that needs nothing but itself, and the headline that goes out with it."""

import functools
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from common import cost
from stocks import metrics
from stocks.reading import description
from stocks.reporting import charts, tables, wording

ASSETS = Path(__file__).with_name("assets")
UPLOT_VERSION = "1.6.32"
CHANCE = 1.96  # |Diebold-Mariano| below which chance alone explains a difference, at 95 %


def headline(rows: Iterable[dict], tickers: int) -> str:
    """One line for a message: how the LSTM did one day ahead, true whatever the figures are."""
    pooled = _pooled(rows)
    lstm, forest = pooled["lstm", 1], pooled["random_forest", 1]
    counted = wording.count(tickers, "ticker")
    if lstm["rmse_vs_naive"] is None:
        return f"{counted}: no test days to measure the forecasts on"
    errors = f"LSTM error {wording.ratio(lstm['rmse_vs_naive'])} x naive one day ahead"
    if forest["rmse_vs_naive"] is not None:
        errors += f" (Random Forest {wording.ratio(forest['rmse_vs_naive'])} x)"
    return f"{counted}: {errors}; the 80 % range held {wording.percent(lstm['coverage80'])} of the real prices"


def sentence(rows: Iterable[dict]) -> str:
    """The page's headline, in words that need no statistics."""
    lstm = _pooled(rows)["lstm", 1]
    if lstm["rmse_vs_naive"] is None:
        return "The file has too few recent days to say how good its forecasts are."
    size = _size(lstm)
    than = "as" if size.endswith("large") else "than"
    chance = ", which may be chance" if than == "than" and abs(lstm["dm_t"] or 0) < CHANCE else ""
    return (
        f"One day ahead, the LSTM's typical error was {size} {than} that of saying "
        f"“tomorrow costs what today costs”{chance}."
    )


def render(rows: Sequence[dict], directions: Sequence[dict], facts: dict, charted: Sequence[dict]) -> str:
    """The page, from the metrics table's rows, metrics.direction_intervals, the run's facts and charts.collect."""
    pooled, by_ticker = _pooled(rows), _by_ticker(rows)
    parts = {
        "title": wording.text(f"Forecasts: {facts['dataset']}"),
        "eyebrow": wording.text(
            f"{facts['dataset']} · {wording.day(facts['finished'])} · {wording.count(facts['tickers'], 'ticker')}"
        ),
        "headline": wording.text(sentence(rows)),
        "lead": wording.text(_lead(pooled, facts)),
        "figures": _figures(pooled),
        "charts_note": wording.text(_charts_note(charted, facts)),
        "leaderboard": tables.leaderboard(pooled),
        "ranges": tables.ranges(pooled),
        "directions": tables.directions(pooled, directions),
        "trust": tables.trust(facts["evidence"]),
        "test_days": wording.text(_test_days(facts)),
        "ticker_table": tables.ticker_table(by_ticker, charted, facts["tickers"]),
        "left_out": tables.left_out(facts),
        "facts": _facts(facts),
        "data": _data(charted),
        "css": _asset("report.css"),
        "js": _asset("report.js"),
        "uplot_css": _asset("uPlot.min.css"),
        "uplot_js": _asset("uPlot.iife.min.js"),
        "uplot_version": UPLOT_VERSION,
    }
    # One pass: what a part holds is not looked through again, whatever a ticker is called.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("report.html"))


def _pooled(rows: Iterable[dict]) -> dict[tuple[str, int], dict]:
    return {(row["model"], row["horizon"]): row for row in rows if row["ticker"] == metrics.POOLED}


def _by_ticker(rows: Iterable[dict]) -> dict[str, dict[tuple[str, int], dict]]:
    found: dict[str, dict] = {}
    for row in rows:
        if row["ticker"] != metrics.POOLED:
            found.setdefault(row["ticker"], {})[row["model"], row["horizon"]] = row
    return found


def _size(row: dict) -> str:
    """How an error compares with naive's: "as large", "6.9 times as large", "3.0 % smaller"."""
    ratio = row["rmse_vs_naive"]
    if abs(ratio - 1) < 0.0005:
        return "as large"
    if ratio >= 2:
        return f"{wording.ratio(ratio)} times as large"
    return f"{abs(ratio - 1) * 100:.1f} % {'larger' if ratio > 1 else 'smaller'}"


def _lead(pooled: dict, facts: dict) -> str:
    lstm, forest = pooled["lstm", 1], pooled["random_forest", 1]
    found = []
    if forest["rmse_vs_naive"] is not None:
        found.append(f"The Random Forest's error was {_size(forest)}.")
    if lstm["n"]:
        found.append(f"The LSTM's 80 % range held {wording.percent(lstm['coverage80'])} of the real prices.")
        found.append(f"Measured on {lstm['n']:,} forecasts for days that no model had seen.")
    if facts["skipped"]:
        found.append(f"{wording.count(len(facts['skipped']), 'ticker')} left out.")
    return " ".join(found)


def _figures(pooled: dict) -> str:
    lstm, forest = pooled["lstm", 1], pooled["random_forest", 1]
    shown = (
        (wording.times(lstm["rmse_vs_naive"]), "LSTM's error against naive, one day ahead"),
        (wording.times(forest["rmse_vs_naive"]), "Random Forest's error against naive"),
        (wording.percent(lstm["coverage80"]), "of real prices inside the 80 % range"),
        (wording.percent(lstm["coverage95"]), "inside the 95 % range"),
    )
    return "".join(f"<li><strong>{wording.text(figure)}</strong>{wording.text(label)}</li>" for figure, label in shown)


def _charts_note(charted: Sequence[dict], facts: dict) -> str:
    most, days = charts.room(facts["tickers"])
    note = ""
    if most < facts["tickers"]:
        note += f" To keep this page small, {len(charted):,} of {facts['tickers']:,} tickers have a chart."
    if any(len(chart["actual"]) == days for chart in charted):
        note += f" Charts show the last {days} test days."
    return note


def _test_days(facts: dict) -> str:
    return (
        f"The models learned from rows before {facts['cuts']['test_from']} and were measured on the days from then on. "
        "The horizons 1, 5 and 20 count rows of the ticker, which are trading days."
    )


def _facts(facts: dict) -> str:
    known, reading = facts["cost_usd"] is not None, facts["reading"]
    usd = (
        f"${facts['cost_usd']:.3f} for SageMaker, at list prices of {cost.PRICES_OF}"
        if known
        else "no list price known"
    )
    shown = {
        "File": f"{facts['source_uri']} (version {facts['source_version']})",
        "Run": facts["run_id"],
        "Started and finished": f"{wording.instant(facts['started'])} to {wording.instant(facts['finished'])}",
        "Read as": f"{description.form(reading)}; {description.columns(reading)}",
        "Ticker's name": description.ticker_source(reading),
        "Noted": "; ".join(reading["notes"]),
        "Rows": f"{facts['rows']:,} in {wording.count(facts['shards'], 'shard')}",
        "Training": f"{facts['train_seconds']:,.0f} s on {facts['training_instance_type']}",
        "Endpoint": f"{facts['endpoint_seconds']:,.0f} s on {facts['endpoint_instance_type']}, then deleted",
        "Estimated cost": usd,
        "Model": facts["model_uri"],
    }
    return "".join(
        f"<div><dt>{wording.text(name)}</dt><dd>{wording.text(value)}</dd></div>"
        for name, value in shown.items()
        if value
    )


def _data(charted: Sequence[dict]) -> str:
    """The charts as JSON inside a script element: without <, > and & nothing in it can end the element."""
    text = json.dumps({"steps": charts.STEPS, "charts": charted}, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@functools.cache
def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
