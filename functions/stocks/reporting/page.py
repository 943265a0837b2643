"""The report of a run: one HTML page that needs nothing but itself."""

import functools
from collections.abc import Sequence
from pathlib import Path

import jinja2

from stocks import metrics
from stocks.metrics import ByModel, DirectionInterval, MetricsRow
from stocks.reading import description
from stocks.reading.rejected import visible
from stocks.reporting import charts, tables, wording
from stocks.reporting.charts import Chart
from stocks.reporting.facts import RunFacts

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = Path(__file__).with_name("assets")
UPLOT_VERSION = "1.6.32"


def render(
    rows: Sequence[MetricsRow],
    directions: Sequence[DirectionInterval],
    facts: RunFacts,
    charted: Sequence[Chart],
) -> str:
    """The page, from the metrics table's rows, metrics.direction_intervals, the run's facts and charts.collect."""
    return _environment().get_template("page.html").render(view(rows, directions, facts, charted) | _assets())


def view(
    rows: Sequence[MetricsRow],
    directions: Sequence[DirectionInterval],
    facts: RunFacts,
    charted: Sequence[Chart],
) -> dict[str, object]:
    """What the page says, by the names in templates/page.html: plain text and tables, escaped there."""
    pooled = metrics.pooled_rows(rows)
    by_ticker = [row for row in rows if row["ticker"] != metrics.POOLED]
    return {
        "title": f"Forecasts: {facts.dataset}",
        "eyebrow": f"{facts.dataset} · {wording.day(facts.finished)} · {wording.count(facts.tickers, 'ticker')}",
        "headline": wording.headline(pooled, facts),
        "lead": wording.lead(pooled, facts),
        "figures": _figures(pooled),
        "charts_note": wording.charts_note(charted, facts.tickers),
        "leaderboard": tables.leaderboard(pooled),
        "ranges": tables.ranges(pooled, charted, facts.backtest),
        "directions": tables.directions(pooled, directions),
        "trust": tables.trust(facts.evidence),
        "lights": wording.lights(facts),
        "track": tables.track(facts.track, facts.live),
        "breaches": tables.breaches(facts.track),
        "test_days": wording.test_days(facts),
        "by_ticker": tables.by_ticker(by_ticker, charted, facts.tickers),
        "rejected_rows": wording.rejected_rows(facts),
        "left_out": tables.left_out(facts.left_out),
        "health": tables.health(facts.health),
        "about": _about(facts),
        "data": {"steps": charts.STEPS, "charts": charted},
    }


def _figures(pooled: ByModel) -> list[tuple[str, str]]:
    """The figures below the headline, each with its label."""
    forecast, lstm, forest = (pooled[model, 1] for model in ("forecast", "lstm", "random_forest"))
    constant = forecast["pinball_vs_constant"]
    return [
        (wording.times(forecast["rmse_vs_naive"]), "the forecast's error against naive, one day ahead"),
        (wording.times(lstm["rmse_vs_naive"]), "the LSTM's own error against naive"),
        (wording.times(forest["rmse_vs_naive"]), "Random Forest's error against naive"),
        (wording.percent(forecast["coverage80"]), "of real prices inside the 80 % range"),
        (wording.NOTHING if constant is None else wording.loss(constant), "loss against constant ranges"),
    ]


def _about(facts: RunFacts) -> dict[str, str]:
    lines = {
        "Files": f"{wording.count(facts.files, 'file')}, {len(facts.new_files):,} of them new; the newest is "
        f"{facts.source_key} (version {facts.source_version})",
        "Not read in time": ", ".join(map(visible, facts.missing)),
        "Run": facts.run_id,
        "Started and finished": f"{wording.instant(facts.started)} to {wording.instant(facts.finished)}",
        "Rows": f"{facts.rows:,} in {wording.count(facts.shards, 'shard')}",
        "Training": f"{facts.train_seconds:,.0f} s on {facts.training_instance_type}",
        "Endpoint": f"{facts.endpoint_seconds:,.0f} s on {facts.endpoint_instance_type}, then deleted",
        "Estimated cost": wording.cost(facts),
        "Model": facts.model_uri,
        "Trained in": facts.training_image,
        "Served in": " ".join(filter(None, (facts.inference_image, facts.inference_digest))),
    }
    lines |= {f"{file.key} was read as": _form(file.reading) for file in facts.read}
    return {name: line for name, line in lines.items() if line}


def _form(reading: dict) -> str:
    ticker = description.ticker_source(reading)
    parts = [description.form(reading), description.columns(reading), ticker and f"ticker {ticker}", *reading["notes"]]
    return "; ".join(part for part in parts if part)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # of the filter tojson, which also writes <, > and & so that nothing in the data can end its script element
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    return environment


@functools.cache
def _assets() -> dict[str, str]:
    """Our own style and script and the chart library, which the page holds as they are."""
    files = {
        "css": "report.css",
        "js": "report.js",
        "uplot_css": "uPlot.min.css",
        "uplot_js": "uPlot.iife.min.js",
    }
    texts = {name: (ASSETS / file).read_text(encoding="utf-8") for name, file in files.items()}
    return texts | {"uplot_version": UPLOT_VERSION}
