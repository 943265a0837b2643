"""The report of a run: one HTML page that needs nothing but itself."""

import functools
from collections.abc import Sequence
from pathlib import Path

import jinja2

from stocks import metrics
from stocks.contract import HORIZONS
from stocks.metrics import ByModel, DirectionInterval, MetricsRow
from stocks.reading import description
from stocks.reading.rejected import visible
from stocks.reporting import charts, overview, tables, trained, wording
from stocks.reporting.charts import Chart
from stocks.reporting.facts import RunFacts
from stocks.reporting.glance import Glances
from stocks.reporting.tables import Table

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = Path(__file__).with_name("assets")
QUERIES = Path(__file__).with_name("queries")
UPLOT_VERSION = "1.6.32"


def render(
    rows: Sequence[MetricsRow],
    directions: Sequence[DirectionInterval],
    facts: RunFacts,
    glances: Glances,
    charted: Sequence[Chart],
) -> str:
    """The page, from the metrics table's rows of the charted tickers and of all pooled, metrics.direction_intervals,
    the run's facts, what is said of every ticker, and charts.chosen."""
    known = view(rows, directions, facts, glances, charted)
    return _environment().get_template("page.html").render(known | _assets())


def view(
    rows: Sequence[MetricsRow],
    directions: Sequence[DirectionInterval],
    facts: RunFacts,
    glances: Glances,
    charted: Sequence[Chart],
) -> dict[str, object]:
    """What the page says, by the names in templates/page.html: plain text and tables, escaped there."""
    pooled = metrics.pooled_rows(rows)
    shown, left = glances.widest_first()
    newest = glances.newest
    counted = wording.count(facts.tickers, "ticker")
    return {
        "title": f"Forecasts: {facts.dataset}",
        "eyebrow": f"{facts.dataset} · {counted} · published {wording.day(facts.finished)}",
        "finished": facts.finished.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "heading": "Forecasts" if newest is None else f"Forecasts from {wording.short_day(newest)}",
        "age": wording.age(newest, facts.finished),
        "summary": wording.summary(pooled, facts),
        "table_note": wording.table_note(left),
        "lines": overview.lines(shown, facts.track),
        "horizons": [wording.ahead(horizon) for horizon in HORIZONS],
        "headline": wording.headline(pooled, facts),
        "lead": wording.lead(pooled, facts),
        "figures": _figures(pooled),
        "charts_note": wording.charts_note(charted, facts.tickers),
        "lights": wording.lights(facts),
        "test_days": wording.test_days(facts),
        "rejected_rows": wording.rejected_rows(facts),
        "about": _about(facts),
        "data": {
            "steps": charts.STEPS,
            "dataset": facts.dataset,
            "run": facts.run_id,
            "columns": overview.COLUMNS,
            "table": overview.numbers(shown, facts.track),
            "charts": charted,
        },
        **_tables(pooled, directions, facts, glances),
        "by_ticker": tables.by_ticker(rows, [chart["ticker"] for chart in charted], facts.tickers),
        "queries": _queries(facts),
    }


def _tables(
    pooled: ByModel, directions: Sequence[DirectionInterval], facts: RunFacts, glances: Glances
) -> dict[str, Table | None]:
    return {
        "leaderboard": tables.leaderboard(pooled),
        "ranges": tables.ranges(pooled, glances.typical_moves(), facts.backtest),
        "directions": tables.directions(pooled, directions),
        "trust": tables.trust(facts.evidence),
        "track": tables.track(facts.track, facts.live),
        "breaches": tables.breaches(facts.track),
        "left_out": tables.left_out(facts.left_out),
        "corrected": tables.corrected(facts.corrected, facts.rescaled),
        "health": tables.health(facts.health),
    }


def _queries(facts: RunFacts) -> dict[str, str]:
    """The SQL behind the tables, by their names in templates/page.html.

    Datasets and run ids hold letters, digits and dashes only, so they need no quoting.
    """
    return {
        name: text.replace("<dataset>", facts.dataset).replace("<run_id>", facts.run_id)
        for name, text in _texts(QUERIES).items()
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
        "Training": trained.in_report(facts),
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
    """Our own style and scripts and the chart library, which the page holds as they are."""
    files = {
        "css": ["report.css"],
        "js": ["format.js", "table.js", "chart.js", "report.js"],
        "uplot_css": ["uPlot.min.css"],
        "uplot_js": ["uPlot.iife.min.js"],
    }
    texts = {name: "".join((ASSETS / file).read_text(encoding="utf-8") for file in own) for name, own in files.items()}
    return texts | {"uplot_version": UPLOT_VERSION}


@functools.cache
def _texts(folder: Path) -> dict[str, str]:
    return {file.stem: file.read_text(encoding="utf-8").rstrip() for file in sorted(folder.glob("*.sql"))}
