"""The report's tables as plain values; templates/table.html writes them."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from stocks.contract import HORIZONS
from stocks.metrics import ByModel, DirectionInterval, MetricsRow
from stocks.reporting import wording
from stocks.reporting.facts import Corrected, Evidence, Rescaled, Skip
from stocks.series import iso
from stocks.track import Score
from stocks.traffic_light import Held

NAMES = {
    "forecast": "Forecast",
    "naive": "Naive: no change",
    "drift": "Drift",
    "lstm": "LSTM by itself",
    "random_forest": "Random Forest",
}
COLOURS = {"forecast": "forecast", "naive": "naive", "drift": "soft", "lstm": "lstm", "random_forest": "forest"}
MOST_SKIPPED = 500
MOST_BREACHES = 100  # of a horizon
MOST_FLAGGED = 200
MOST_RESCALED = 200


@dataclasses.dataclass(frozen=True)
class Cell:
    text: str
    style: str = ""  # a class of report.css: best, left or words
    detail: str = ""  # a smaller line below


@dataclasses.dataclass(frozen=True)
class Row:
    head: str
    cells: Sequence[Cell]
    style: str = ""  # a class of report.css: yardstick
    colour: str = ""  # a colour of report.css, of a model
    link: bool = False  # whether the head is a ticker whose chart a click shows


@dataclasses.dataclass(frozen=True)
class Table:
    """A table that scrolls by itself where the screen is too narrow or, if `tall`, the table too long."""

    label: str
    caption: str
    heads: Sequence[str]
    rows: Sequence[Row]
    tall: bool = False
    prose: bool = False  # cells hold sentences


def leaderboard(pooled: ByModel) -> Table:
    order = sorted(NAMES, key=lambda model: _last_if_none(pooled[model, 1]["rmse_vs_naive"]))
    lowest = {h: min(_last_if_none(pooled[model, h]["rmse_vs_naive"]) for model in NAMES) for h in HORIZONS}

    def cell(model: str, horizon: int) -> Cell:
        ratio, median = (pooled[model, horizon][name] for name in ("rmse_vs_naive", "rmse_vs_naive_median"))
        best = ratio is not None and ratio < lowest[horizon] + 0.0005
        details = [] if median is None or model == "naive" else [f"median {wording.times(median)}"]
        if wording.by_chance(pooled[model, horizon]):
            details.append("may be chance")
        return Cell(wording.times(ratio), style="best" if best else "", detail=", ".join(details))

    rows = [
        _model_row(model, [cell(model, horizon) for horizon in HORIZONS], style="yardstick" if model == "naive" else "")
        for model in order
    ]
    caption = (
        "How large a model's typical miss was beside naive's, which says that nothing changes: 1.000\u00d7 is as "
        "large, less is better. The mean over tickers, the middle ticker (median) below it; bold is the least of its "
        "column. \u201cMay be chance\u201d stands where the test of Diebold and Mariano cannot tell a model's errors "
        "from naive's, or has too few days: ten stretches of the horizon, which do not overlap, are the least; "
        f"{wording.NOTHING} is a model that was not trained."
    )
    return Table("Errors by model", caption, ["Model", *map(wording.ahead, HORIZONS)], rows)


def _last_if_none(ratio: float | None) -> float:
    return math.inf if ratio is None else ratio


def ranges(pooled: ByModel, moves: Sequence[float | None], backtest: Held) -> Table:
    """`moves` are the typical expected ones by horizon."""
    rows = []
    for horizon, expected in zip(HORIZONS, moves, strict=True):
        row = pooled["forecast", horizon]
        mean, median = row["pinball_vs_constant"], row["pinball_vs_constant_median"]
        against = Cell(
            wording.NOTHING if mean is None else wording.loss(mean),
            detail="" if median is None else f"median {wording.loss(median)}",
        )
        wide = _share_cell(row["coverage95"], backtest.intervals[horizon])
        cells = [*_cells(wording.move(expected), wording.percent(row["coverage80"])), wide, against]
        rows.append(Row(wording.ahead(horizon), cells))
    caption = (
        "The move expected now, of the middle ticker; how many real prices came inside the ranges, of the wide one "
        "with its 95 % interval; and the cost of misses and width together, against ranges that never change."
    )
    heads = ["Ahead", "Expected move", "80 % range", "95 % range", "Loss"]
    return Table("Ranges", caption, heads, rows)


def directions(pooled: ByModel, intervals: Sequence[DirectionInterval]) -> Table:
    by_model = {(interval["model"], interval["horizon"]): interval for interval in intervals}
    ups = [wording.percent(pooled["naive", horizon]["always_up_rate"]) for horizon in HORIZONS]
    rows = [Row("Always “up”", _cells(*ups))]
    for model in ("forecast", "lstm", "random_forest", "drift"):
        rows.append(
            _model_row(
                model,
                [
                    _direction_cell(pooled[model, horizon]["directional_accuracy"], by_model.get((model, horizon)))
                    for horizon in HORIZONS
                ],
            )
        )
    caption = (
        "How often the direction was right, with 95 % interval; "
        f"{wording.NOTHING} where a model foresaw hardly any move."
    )
    return Table("Directions", caption, ["Model", *map(wording.ahead, HORIZONS)], rows)


def _direction_cell(accuracy: float | None, interval: DirectionInterval | None) -> Cell:
    if accuracy is None or not interval or interval["low"] is None:
        return Cell(wording.percent(accuracy))
    return Cell(wording.percent(accuracy), detail=f"{interval['low']:.0%} to {interval['high']:.0%}")


def trust(evidence: Evidence) -> Table:
    """Per horizon, how much of a foreseen change the forecast uses, and why: training's evidence in plain words."""
    rows = []
    for horizon in HORIZONS:
        judgement = evidence["horizons"][str(horizon)]
        cells = [
            Cell(f"{judgement['gate'] * 100:.0f} %", style="left"),
            Cell(wording.gate_reason(judgement, evidence["fallback"]), style="words"),
        ]
        rows.append(Row(wording.ahead(horizon), cells))
    caption = (
        "How much of a change that the LSTM foresees enters the forecast. Days that no model learned from decide; "
        "at 0 % the forecast is the last price. The ranges do not depend on it."
    )
    return Table("Trust", caption, ["Ahead", "Used", "Why"], rows, prose=True)


def _share_cell(share: float | None, interval: tuple[float, float] | None) -> Cell:
    """A share with its 95 % interval, where there are days enough for one."""
    detail = "" if interval is None else f"{wording.percent(interval[0])} to {wording.percent(interval[1])}"
    return Cell(wording.percent(share), detail=detail)


def track(scores: Mapping[int, Score], live: Held) -> Table | None:
    """What came of forecasts that earlier runs published; None as long as no day has come."""
    if not any(score.forecasts for score in scores.values()):
        return None
    rows = []
    for horizon, score in scores.items():
        known = score.forecasts > 0
        ratio = math.sqrt(score.forecast_error / score.naive_error) if known and score.naive_error else None
        held80, held95 = (inside / score.forecasts if known else None for inside in (score.inside_80, score.inside_95))
        counts = f"{score.forecasts:,}", f"{len(score.prices):,}"
        cells = _cells(*counts, wording.times(ratio), wording.percent(held80))
        rows.append(Row(wording.ahead(horizon), [*cells, _share_cell(held95, live.intervals[horizon])]))
    caption = (
        "Forecasts that this dataset's last runs published before the day began, beside the prices that came, some 250 "
        "days of them; SQL has all. The share in the wide range has its 95 % interval, once there are days enough: "
        "neighbouring days of many tickers move together."
    )
    heads = ["Ahead", "Forecasts", "Days", "Error against naive, pooled", "80 % range held", "95 % range held"]
    return Table("Track record", caption, heads, rows)


def breaches(scores: Mapping[int, Score]) -> Table | None:
    """The prices that came with this run and lie beyond their 95 % range; None where no price came."""
    if not any(score.new for score in scores.values()):
        return None
    rows = [
        Row(breach.ticker, _cells(wording.ahead(horizon), iso(breach.day), f"{breach.price:,.6g}",
                                  f"{breach.low:,.6g} to {breach.high:,.6g}", wording.surprise(breach.surprise)))
        for horizon, score in scores.items()
        for breach in score.breaches[:MOST_BREACHES]
    ]  # fmt: skip
    counts = [
        f"{wording.ahead(horizon)} ahead {wording.beyond(len(score.breaches), score.new)}"
        for horizon, score in scores.items()
        if score.new
    ]
    caption = (
        f"Prices of days that came with this run, beside the ranges that were published before: {'; '.join(counts)}. "
        f"Most surprising first, {MOST_BREACHES} of a horizon at most; SQL has all in the view breaches."
    )
    return Table("Breaches", caption, ["Ticker", "Ahead", "Day", "Price", "Range", "Surprise"], rows, tall=True)


def by_ticker(rows: Sequence[MetricsRow], names: Sequence[str], tickers: int) -> Table:
    """The named tickers of the metrics table's rows; `tickers` counts all of the run."""
    measured: dict[str, dict[tuple[str, int], MetricsRow]] = {name: {} for name in names}
    for row in rows:
        if row["ticker"] in measured:
            measured[row["ticker"]][row["model"], row["horizon"]] = row
    left = tickers - len(measured)
    more = f" {left:,} more are in the metrics table." if left > 0 else ""
    caption = (
        "How large each model's typical miss was beside naive's, which says that nothing changes: 1.000\u00d7 is as "
        "large, less is better. Of many tickers some beat naive by chance: the saved query 05_tickers_that_beat_naive "
        f"says how many. Naive's own miss, one day ahead, is in the ticker's currency.{more}"
    )
    models = [f"{name}, {wording.ahead(h)}" for h in HORIZONS for name in ("Forecast", "LSTM")]
    return Table(
        "Errors by ticker",
        caption,
        ["Ticker", "Test days", "Naive's error", *models, "Random Forest, 1 day", "80 % range held"],
        [Row(ticker, _ticker_cells(own), link=True) for ticker, own in measured.items() if own],
        tall=True,
    )


def _ticker_cells(own: ByModel) -> list[Cell]:
    naive = own["naive", 1]["rmse"]
    return _cells(
        f"{own['forecast', 1]['n']:,}",
        wording.NOTHING if naive is None else f"{naive:,.4g}",
        *(
            wording.times(own[model, horizon]["rmse_vs_naive"])
            for horizon in HORIZONS
            for model in ("forecast", "lstm")
        ),
        wording.times(own["random_forest", 1]["rmse_vs_naive"]),
        wording.percent(own["forecast", 1]["coverage80"]),
    )


def left_out(skipped: Sequence[Skip]) -> Table | None:
    """The tickers without a forecast and why; None where every ticker has one."""
    if not skipped:
        return None
    rows = [Row(skip["ticker"], [Cell(skip["reason"], style="words")]) for skip in skipped[:MOST_SKIPPED]]
    more = f" The first {MOST_SKIPPED} are shown." if len(skipped) > MOST_SKIPPED else ""
    caption = f"{wording.count(len(skipped), 'ticker')} without a forecast.{more}"
    return Table("Tickers left out", caption, ["Ticker", "Reason"], rows, tall=True, prose=True)


def corrected(files: Sequence[Corrected], moved: Sequence[Rescaled]) -> Table | None:
    """What the new files changed of what the table had; None where they only added to it."""
    if not files and not moved:
        return None
    rows = [
        Row(one.file, [Cell(f"corrected {one.rows:,} of its {wording.count(one.of, 'row')}", style="words")])
        for one in sorted(files, key=lambda one: -one.rows)
    ]
    rows += [
        Row(one.ticker, [Cell(f"{one.file} multiplied its older prices by {one.ratio:.6g}", style="words")])
        for one in moved[:MOST_RESCALED]
    ]
    more = f" The first {MOST_RESCALED} tickers are shown." if len(moved) > MOST_RESCALED else ""
    caption = (
        f"What the new files changed of prices that the dataset had: a correction gives a day another price, and a "
        f"split or a dividend moves all older ones.{more}"
    )
    return Table("Corrections", caption, ["File or ticker", "What changed"], rows, tall=True, prose=True)


def health(flagged: Sequence[tuple[str, Sequence[str]]]) -> Table | None:
    """What looks wrong in the prices, a row a finding; None where nothing does."""
    if not flagged:
        return None
    every = [(ticker, text) for ticker, texts in flagged for text in texts]
    rows = [Row(ticker, [Cell(text, style="words")]) for ticker, text in every[:MOST_FLAGGED]]
    more = f" The first {MOST_FLAGGED} are shown." if len(every) > MOST_FLAGGED else ""
    caption = (
        f"{wording.count(len(every), 'finding')} on {wording.count(len(flagged), 'ticker')}. Nothing was changed: "
        f"mend the file and upload it again, or leave it if it is right.{more}"
    )
    return Table("Data health", caption, ["Ticker", "What looks wrong"], rows, tall=True, prose=True)


def _model_row(model: str, cells: Sequence[Cell], style: str = "") -> Row:
    return Row(NAMES[model], cells, style=style, colour=COLOURS[model])


def _cells(*texts: str) -> list[Cell]:
    return [Cell(text) for text in texts]
