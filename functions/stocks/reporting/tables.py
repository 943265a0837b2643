"""The report's tables, as HTML."""

from collections.abc import Sequence

from stocks.contract import FEW_BLOCKS, FEWEST_BLOCKS, HORIZONS, UNPROVEN
from stocks.reporting import wording

NAMES = {"naive": "Naive: no change", "drift": "Drift", "random_forest": "Random Forest", "lstm": "LSTM"}
COLOURS = {"naive": "naive", "drift": "soft", "random_forest": "forest", "lstm": "lstm"}
MOST_TICKER_ROWS = 2_000  # of the table of tickers; SQL has them all
MOST_SKIPPED = 500


def leaderboard(pooled: dict) -> str:
    order = sorted(NAMES, key=lambda model: pooled[model, 1]["rmse_vs_naive"] or 0)
    lowest = {h: min((pooled[m, h]["rmse_vs_naive"] or 9e9 for m in NAMES), default=0) for h in HORIZONS}
    body = []
    for model in order:
        cells = [_model_cell(model)]
        for horizon in HORIZONS:
            row = pooled[model, horizon]
            best = row["rmse_vs_naive"] is not None and row["rmse_vs_naive"] < lowest[horizon] + 0.0005
            cells.append(f"<td{' class="best"' if best else ''}>{wording.times(row['rmse_vs_naive'])}</td>")
        yardstick = ' class="yardstick"' if model == "naive" else ""
        body.append(f"<tr{yardstick}>{''.join(cells)}</tr>")
    caption = "Error against naive, mean over tickers: smaller is better, bold is the best of its column."
    return _table("Errors by model", caption, ["Model", *map(wording.ahead, HORIZONS)], body)


def ranges(pooled: dict) -> str:
    body = []
    for horizon in HORIZONS:
        row = pooled["lstm", horizon]
        pinball = wording.NOTHING if row["pinball"] is None else f"{row['pinball']:.1f}"
        cells = (wording.percent(row["coverage80"]), wording.percent(row["coverage95"]), pinball)
        body.append(f"<tr>{_head(wording.ahead(horizon))}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    caption = "Share of real prices inside the LSTM's ranges; pinball loss in basis points of the price."
    return _table("Ranges", caption, ["Ahead", "80 % range", "95 % range", "Pinball"], body)


def directions(pooled: dict, directions: Sequence[dict]) -> str:
    intervals = {(found["model"], found["horizon"]): found for found in directions}
    body = [
        f"<tr>{_head('Always “up”')}"
        + "".join(f"<td>{wording.percent(pooled['naive', horizon]['always_up_rate'])}</td>" for horizon in HORIZONS)
        + "</tr>"
    ]
    for model in ("lstm", "random_forest", "drift"):
        cells = [
            _direction_cell(pooled[model, horizon]["directional_accuracy"], intervals.get((model, horizon)))
            for horizon in HORIZONS
        ]
        body.append(f"<tr>{_model_cell(model)}{''.join(cells)}</tr>")
    caption = (
        "How often the direction was right, with 95 % interval; "
        f"{wording.NOTHING} where a model foresaw hardly any move."
    )
    return _table("Directions", caption, ["Model", *map(wording.ahead, HORIZONS)], body)


def _direction_cell(accuracy: float | None, interval: dict | None) -> str:
    if accuracy is None or not interval or interval["low"] is None:
        return f"<td>{wording.percent(accuracy)}</td>"
    return f"<td>{wording.percent(accuracy)}<br><small>{interval['low']:.0%} to {interval['high']:.0%}</small></td>"


def trust(evidence: dict) -> str:
    """Per horizon, how much of a foreseen change the forecast uses, and why: training's evidence in plain words."""
    body = []
    for horizon in HORIZONS:
        found = evidence["horizons"][str(horizon)]
        share = f"{found['gate'] * 100:.0f} %"
        source = "LSTM" if found["quantiles"] == "lstm" else "volatility"
        why = wording.text(_why(found, evidence["fallback"]))
        cells = f'<td class="left">{share}</td><td class="left">{source}</td><td class="words">{why}</td>'
        body.append(f"<tr>{_head(wording.ahead(horizon))}{cells}</tr>")
    caption = (
        "How much of a change that the LSTM foresees enters its forecast. Days that it did not learn from decide; "
        "at 0 % its forecast is naive's, and what remains of it are the ranges."
    )
    return _table("Trust", caption, ["Ahead", "Used", "Ranges from", "Why"], body, prose=True)


def _why(found: dict, fallback: Sequence[str]) -> str:
    if fallback:
        return f"No LSTM was trained: {'; '.join(fallback)}."
    if found["gate"]:
        return (
            f"Prices followed its forecasts more closely than chance explains, on {found['blocks']} independent "
            f"stretches. What is certain of that is used, never more than half."
        )
    if found["gate_reason"] == UNPROVEN:
        slope, doubt = found["slope"], 2 * found["slope_se"]
        return (
            f"Prices did not follow its forecasts more than chance explains: of a foreseen change {slope * 100:.0f} % "
            f"came true, give or take {doubt * 100:.0f} %."
        )
    if found["gate_reason"] == FEW_BLOCKS:
        return (
            f"Not enough to judge it by: {found['blocks']} independent stretches of days, {FEWEST_BLOCKS} are needed."
        )
    return "There is nothing to judge: it foresaw no change."


def ticker_table(by_ticker: dict, charted: Sequence[dict], tickers: int) -> str:
    position = {chart["ticker"]: index for index, chart in enumerate(charted)}
    body = []
    for ticker, found in list(by_ticker.items())[:MOST_TICKER_ROWS]:
        naive = found["naive", 1]["rmse"]
        ratios = [found["lstm", horizon]["rmse_vs_naive"] for horizon in HORIZONS]
        cells = [
            f"{found['lstm', 1]['n']:,}",
            wording.NOTHING if naive is None else f"{naive:,.4g}",
            *map(wording.times, ratios),
        ]
        cells += [
            wording.times(found["random_forest", 1]["rmse_vs_naive"]),
            wording.percent(found["lstm", 1]["coverage80"]),
        ]
        body.append(f"<tr>{_ticker_cell(ticker, position)}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    left = tickers - len(body)
    more = f" {left:,} more are in the metrics table." if left else ""
    caption = f"Errors against naive by ticker; naive's own error, one day ahead, is in the ticker's currency.{more}"
    heads = ["Ticker", "Test days", "Naive's error", *(f"LSTM, {wording.ahead(h)}" for h in HORIZONS)]
    return _table("Errors by ticker", caption, [*heads, "Random Forest, 1 day", "80 % range held"], body, tall=True)


def _ticker_cell(ticker: str, position: dict[str, int]) -> str:
    name = wording.text(ticker)
    if ticker not in position:
        return f'<th scope="row">{name}</th>'
    return f'<th scope="row"><button type="button" class="go" data-chart="{position[ticker]}">{name}</button></th>'


def left_out(facts: dict) -> str:
    rejected, rows, skipped = facts["rejected_rows"], facts["rows"], facts["skipped"]
    share = f" ({rejected / rows:.2%})" if rows and rejected else ""
    found = f"{rejected:,} of {wording.count(rows, 'row')}{share} could not be used"
    where = f"; each is listed with its line and reason under {facts['rejected_uri']}" if rejected else ""
    parts = [f"<p>{wording.text(found + where)}.</p>"]
    if not skipped:
        return "".join([*parts, "<p>Every ticker had enough rows to be forecast.</p>"])
    body = [
        f'<tr>{_head(each["ticker"])}<td class="words">{wording.text(each["reason"])}</td></tr>'
        for each in skipped[:MOST_SKIPPED]
    ]
    more = f" The first {MOST_SKIPPED} are shown." if len(skipped) > MOST_SKIPPED else ""
    caption = f"{wording.count(len(skipped), 'ticker')} without a forecast.{more}"
    heads = ["Ticker", "Reason"]
    return "".join([*parts, _table("Tickers left out", caption, heads, body, tall=True, prose=True)])


def _table(
    label: str, caption: str, heads: Sequence[str], body: Sequence[str], tall: bool = False, prose: bool = False
) -> str:
    """A table that scrolls by itself where the screen is too narrow or, if `tall`, the table too long."""
    kind = ' class="words"' if prose else ""
    head = "".join(f'<th scope="col"{kind}>{wording.text(name)}</th>' for name in heads)
    return (
        f'<div class="scroll{" tall" if tall else ""}" role="region" tabindex="0" aria-label="{wording.text(label)}">'
        f"<table><caption>{wording.text(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _head(name: str) -> str:
    return f'<th scope="row">{wording.text(name)}</th>'


def _model_cell(model: str) -> str:
    return f'<th scope="row" class="swatch" style="--c: var(--{COLOURS[model]})">{NAMES[model]}</th>'
