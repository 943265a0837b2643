"""The report of a run: one HTML page that needs nothing but itself, and the headline that goes out with it."""

import functools
import html
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from stocks import charts, cost, metrics
from stocks.keys import HORIZONS

ASSETS = Path(__file__).with_name("assets")
UPLOT_VERSION = "1.6.32"
NAMES = {"naive": "Naive: no change", "drift": "Drift", "random_forest": "Random Forest", "lstm": "LSTM"}
COLOURS = {"naive": "naive", "drift": "soft", "random_forest": "forest", "lstm": "lstm"}
MOST_TICKER_ROWS = 2_000  # of the table of tickers; SQL has them all
MOST_SKIPPED = 500
CHANCE = 1.96  # |Diebold-Mariano| below which chance alone explains a difference, at 95 %
NOTHING = "\u2013"  # an en dash
TIMES = "\u00d7"


def headline(rows: Iterable[dict], tickers: int) -> str:
    """One line for a message: how the LSTM did one day ahead, true whatever the figures are."""
    pooled = _pooled(rows)
    lstm, forest = pooled["lstm", 1], pooled["random_forest", 1]
    counted = _count(tickers, "ticker")
    if lstm["rmse_vs_naive"] is None:
        return f"{counted}: no test days to measure the forecasts on"
    errors = f"LSTM error {_ratio(lstm['rmse_vs_naive'])} x naive one day ahead"
    if forest["rmse_vs_naive"] is not None:
        errors += f" (Random Forest {_ratio(forest['rmse_vs_naive'])} x)"
    return f"{counted}: {errors}; the 80 % range held {_percent(lstm['coverage80'])} of the real prices"


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
        "title": _text(f"Forecasts: {facts['dataset']}"),
        "eyebrow": _text(f"{facts['dataset']} · {_day(facts['finished'])} · {_count(facts['tickers'], 'ticker')}"),
        "headline": _text(sentence(rows)),
        "lead": _text(_lead(pooled, facts)),
        "figures": _figures(pooled),
        "charts_note": _text(_charts_note(charted, facts)),
        "leaderboard": _leaderboard(pooled),
        "ranges": _ranges(pooled),
        "directions": _directions(pooled, directions),
        "test_days": _text(_test_days(facts)),
        "ticker_table": _ticker_table(by_ticker, charted, facts["tickers"]),
        "left_out": _left_out(facts),
        "facts": _facts(facts),
        "data": _data(by_ticker, charted),
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
        return f"{_ratio(ratio)} times as large"
    return f"{abs(ratio - 1) * 100:.1f} % {'larger' if ratio > 1 else 'smaller'}"


def _lead(pooled: dict, facts: dict) -> str:
    lstm, forest = pooled["lstm", 1], pooled["random_forest", 1]
    found = []
    if forest["rmse_vs_naive"] is not None:
        found.append(f"The Random Forest's error was {_size(forest)}.")
    if lstm["n"]:
        found.append(f"The LSTM's 80 % range held {_percent(lstm['coverage80'])} of the real prices.")
        found.append(f"Measured on {lstm['n']:,} forecasts for days that no model had seen.")
    if facts["skipped"]:
        found.append(f"{_count(len(facts['skipped']), 'ticker')} left out.")
    return " ".join(found)


def _figures(pooled: dict) -> str:
    lstm, forest = pooled["lstm", 1], pooled["random_forest", 1]
    shown = (
        (_times(lstm["rmse_vs_naive"]), "LSTM's error against naive, one day ahead"),
        (_times(forest["rmse_vs_naive"]), "Random Forest's error against naive"),
        (_percent(lstm["coverage80"]), "of real prices inside the 80 % range"),
        (_percent(lstm["coverage95"]), "inside the 95 % range"),
    )
    return "".join(f"<li><strong>{_text(figure)}</strong>{_text(words)}</li>" for figure, words in shown)


def _charts_note(charted: Sequence[dict], facts: dict) -> str:
    most, days = charts.room(facts["tickers"])
    note = ""
    if most < facts["tickers"]:
        note += f" To keep this page small, {len(charted):,} of {facts['tickers']:,} tickers have a chart."
    if any(len(chart["actual"]) == days for chart in charted):
        note += f" Charts show the last {days} test days."
    return note


def _leaderboard(pooled: dict) -> str:
    order = sorted(NAMES, key=lambda model: pooled[model, 1]["rmse_vs_naive"] or 0)
    lowest = {h: min((pooled[m, h]["rmse_vs_naive"] or 9e9 for m in NAMES), default=0) for h in HORIZONS}
    body = []
    for model in order:
        cells = [_model_cell(model)]
        for horizon in HORIZONS:
            row = pooled[model, horizon]
            best = row["rmse_vs_naive"] is not None and row["rmse_vs_naive"] < lowest[horizon] + 0.0005
            cells.append(f"<td{' class="best"' if best else ''}>{_times(row['rmse_vs_naive'])}</td>")
        yardstick = ' class="yardstick"' if model == "naive" else ""
        body.append(f"<tr{yardstick}>{''.join(cells)}</tr>")
    caption = "Error against naive, mean over tickers: smaller is better, bold is the best of its column."
    return _table("Errors by model", caption, ["Model", *map(_ahead, HORIZONS)], body)


def _ranges(pooled: dict) -> str:
    body = []
    for horizon in HORIZONS:
        row = pooled["lstm", horizon]
        pinball = NOTHING if row["pinball"] is None else f"{row['pinball']:.1f}"
        cells = (_percent(row["coverage80"]), _percent(row["coverage95"]), pinball)
        body.append(f"<tr>{_head(_ahead(horizon))}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    caption = "Share of real prices inside the LSTM's ranges; pinball loss in basis points of the price."
    return _table("Ranges", caption, ["Ahead", "80 % range", "95 % range", "Pinball"], body)


def _directions(pooled: dict, directions: Sequence[dict]) -> str:
    intervals = {(found["model"], found["horizon"]): found for found in directions}
    body = [
        f"<tr>{_head('Always “up”')}"
        + "".join(f"<td>{_percent(pooled['naive', horizon]['always_up_rate'])}</td>" for horizon in HORIZONS)
        + "</tr>"
    ]
    for model in ("lstm", "random_forest", "drift"):
        cells = [
            _direction_cell(pooled[model, horizon]["directional_accuracy"], intervals.get((model, horizon)))
            for horizon in HORIZONS
        ]
        body.append(f"<tr>{_model_cell(model)}{''.join(cells)}</tr>")
    caption = f"How often the direction was right, with 95 % interval; {NOTHING} where a model foresaw hardly any move."
    return _table("Directions", caption, ["Model", *map(_ahead, HORIZONS)], body)


def _direction_cell(accuracy: float | None, interval: dict | None) -> str:
    if accuracy is None or not interval or interval["low"] is None:
        return f"<td>{_percent(accuracy)}</td>"
    return f"<td>{_percent(accuracy)}<br><small>{interval['low']:.0%} to {interval['high']:.0%}</small></td>"


def _test_days(facts: dict) -> str:
    return (
        f"The models learned from rows before {facts['cuts']['test_from']} and were measured on the days from then on. "
        "The horizons 1, 5 and 20 count rows of the ticker, which are trading days."
    )


def _ticker_table(by_ticker: dict, charted: Sequence[dict], tickers: int) -> str:
    position = {chart["ticker"]: index for index, chart in enumerate(charted)}
    body = []
    for ticker, found in list(by_ticker.items())[:MOST_TICKER_ROWS]:
        naive = found["naive", 1]["rmse"]
        ratios = [found["lstm", horizon]["rmse_vs_naive"] for horizon in HORIZONS]
        cells = [f"{found['lstm', 1]['n']:,}", NOTHING if naive is None else f"{naive:,.4g}", *map(_times, ratios)]
        cells += [_times(found["random_forest", 1]["rmse_vs_naive"]), _percent(found["lstm", 1]["coverage80"])]
        body.append(f"<tr>{_ticker_cell(ticker, position)}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    left = tickers - len(body)
    more = f" {left:,} more are in the metrics table." if left else ""
    caption = f"Errors against naive by ticker; naive's own error, one day ahead, is in the ticker's currency.{more}"
    heads = ["Ticker", "Test days", "Naive's error", *(f"LSTM, {_ahead(h)}" for h in HORIZONS)]
    return _table("Errors by ticker", caption, [*heads, "Random Forest, 1 day", "80 % range held"], body, tall=True)


def _ticker_cell(ticker: str, position: dict[str, int]) -> str:
    name = _text(ticker)
    if ticker not in position:
        return f'<th scope="row">{name}</th>'
    return f'<th scope="row"><button type="button" class="go" data-chart="{position[ticker]}">{name}</button></th>'


def _left_out(facts: dict) -> str:
    rejected, rows, skipped = facts["rejected_rows"], facts["rows"], facts["skipped"]
    share = f" ({rejected / rows:.2%})" if rows and rejected else ""
    found = f"{rejected:,} of {_count(rows, 'row')}{share} could not be used"
    where = f"; each is listed with its line and reason under {facts['rejected_uri']}" if rejected else ""
    parts = [f"<p>{_text(found + where)}.</p>"]
    if not skipped:
        return "".join([*parts, "<p>Every ticker had enough rows to be forecast.</p>"])
    body = [
        f'<tr>{_head(each["ticker"])}<td class="words">{_text(each["reason"])}</td></tr>'
        for each in skipped[:MOST_SKIPPED]
    ]
    more = f" The first {MOST_SKIPPED} are shown." if len(skipped) > MOST_SKIPPED else ""
    caption = f"{_count(len(skipped), 'ticker')} without a forecast.{more}"
    heads = ["Ticker", "Reason"]
    return "".join([*parts, _table("Tickers left out", caption, heads, body, tall=True, words=True)])


def _facts(facts: dict) -> str:
    known = facts["cost_usd"] is not None
    usd = (
        f"${facts['cost_usd']:.3f} for SageMaker, at list prices of {cost.PRICES_OF}"
        if known
        else "no list price known"
    )
    gates = " · ".join(f"{gate * 100:.0f} %" for gate in facts["gates"])
    shown = {
        "File": f"{facts['source_uri']} (version {facts['source_version']})",
        "Run": facts["run_id"],
        "Started and finished": f"{_instant(facts['started'])} to {_instant(facts['finished'])}",
        "Rows": f"{facts['rows']:,} in {_count(facts['shards'], 'shard')}",
        "Training": f"{facts['train_seconds']:,.0f} s on {facts['training_instance_type']}",
        "Endpoint": f"{facts['endpoint_seconds']:,.0f} s on {facts['endpoint_instance_type']}, then deleted",
        "Estimated cost": usd,
        "The LSTM's say at 1 · 5 · 20 days": f"{gates} (at 0 % nothing of it was proven: its forecast is naive's)",
        "Model": facts["model_uri"],
    }
    return "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in shown.items())


def _data(by_ticker: dict, charted: Sequence[dict]) -> str:
    """The charts as JSON inside a script element: without <, > and & nothing in it can end the element."""
    with_ratio = [
        chart | {"ratio": by_ticker.get(chart["ticker"], {}).get(("lstm", 1), {}).get("rmse_vs_naive")}
        for chart in charted
    ]
    text = json.dumps({"steps": charts.STEPS, "charts": with_ratio}, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _table(
    label: str, caption: str, heads: Sequence[str], body: Sequence[str], tall: bool = False, words: bool = False
) -> str:
    """A table that scrolls by itself where the screen is too narrow or, if `tall`, the table too long."""
    kind = ' class="words"' if words else ""
    head = "".join(f'<th scope="col"{kind}>{_text(name)}</th>' for name in heads)
    return (
        f'<div class="scroll{" tall" if tall else ""}" role="region" tabindex="0" aria-label="{_text(label)}">'
        f"<table><caption>{_text(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _head(words: str) -> str:
    return f'<th scope="row">{_text(words)}</th>'


def _model_cell(model: str) -> str:
    return f'<th scope="row" class="swatch" style="--c: var(--{COLOURS[model]})">{NAMES[model]}</th>'


@functools.cache
def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _text(value) -> str:
    return html.escape(str(value))


def _ahead(horizon: int) -> str:
    return _count(horizon, "day")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _ratio(value: float) -> str:
    return f"{value:.3f}" if value < 2 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _times(value: float | None) -> str:
    return NOTHING if value is None else f"{_ratio(value)}{TIMES}"


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share * 100:.1f} %"


def _day(instant) -> str:
    return f"{instant.day} {instant:%B %Y}"


def _instant(instant) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
