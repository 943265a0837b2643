"""Measure the forecasts over all shards, write the report and, last of all, the run's row: that row is the commit."""

import dataclasses
import datetime
import io
import json
from collections.abc import Iterator, Mapping, Set
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from aws_lambda_powertools.metrics import MetricUnit

from common import cost, dataset, keys, models, storage, telemetry, track_record, working
from common.events import LambdaContext, Run, SummarizeEvent, SummarizeResult, Summary
from common.models import Used
from common.settings import Settings, settings
from common.track_record import Before
from stocks import metrics, schemas, track, traffic_light
from stocks.contract import FOREST_SEED, FOREST_TREES, HORIZONS, SCHEMA, STALE, Arrays
from stocks.dataset import plan as published_run
from stocks.dataset.plan import Plan
from stocks.dataset.uploads import instant_of
from stocks.health import findings
from stocks.health.findings import Said
from stocks.metrics import MetricsRow
from stocks.reporting import charts, news, page, trained, wording
from stocks.reporting.charts import Chart
from stocks.reporting.facts import Evidence, FileRead, RunFacts, corrections
from stocks.reporting.glance import Glances
from stocks.reporting.news import News

type Health = list[tuple[str, list[Said]]]

SHOWN_FILES = 3  # of a run, of which the report says how they were read


@telemetry.step
def handler(event: SummarizeEvent, context: LambdaContext) -> SummarizeResult:
    setting, run = settings(), event["run"]
    drawn, data = dataset.planned(run), working.get_json(run, "data")
    told = list(working.of_shards(run, lambda number: working.get_json(run, "tickers", number)))
    before, health = track_record.before(drawn.dataset, data["previous"]), health_of(told)
    scores = metrics.pool(working.of_shards(run, lambda number: working.get_arrays(run, "scores", number)))
    used = models.used(drawn, data, event["model_uri"])
    facts = gather(setting, event, drawn, data, told, track_scores(run, drawn, told, before), scores, health, used)
    ahead, lake = future(run), setting.lake_bucket
    storage.put(lake, keys.lake("predictions", run, f"future-{keys.part(0)}"), schemas.written([ahead], ahead.schema))
    said = changes(drawn, told, before, ahead, facts, health)
    glances, charted = drawings(run, news.named(said))
    rows = measured(run, scores, {metrics.POOLED, *(chart["ticker"] for chart in charted)})
    html = page.render(rows, metrics.direction_intervals(scores), facts, glances, charted)
    report_uri = storage.put(lake, keys.report(run), html, "text/html; charset=utf-8")
    pooled = metrics.pooled_rows(rows)
    summary: Summary = {
        "report_uri": report_uri,
        "headline": wording.message(pooled, facts),
        "tickers": facts.tickers,
        "rmse_vs_naive": pooled["forecast", HORIZONS[0]]["rmse_vs_naive"],
    }
    working.put_json(run, "message", {"lines": list(news.lines(said))})
    commit(run, drawn, facts, used)
    record(pooled, facts)
    # A crawl that begins after this instant has seen the run's row.
    return {"finished": now().isoformat().replace("+00:00", "Z"), **summary}


def future(run: Run) -> pa.Table:
    """The future rows of all shards, for one file: a track record over years must not read a small one per shard."""
    parts = working.of_shards(run, lambda number: working.get_parquet(run, "future", number))
    return pa.concat_tables(pq.read_table(io.BytesIO(part)) for part in parts)


def changes(
    drawn: Plan, told: list[dict], before: Mapping[str, Before], ahead: pa.Table, facts: RunFacts, health: Health
) -> News:
    """What the message tells of the run; told is what Publish left of each shard's tickers."""
    status = {ticker: word for shard in told for ticker, word in shard["status"].items()}
    known = {ticker: one.status for ticker, one in before.items()} or status
    named = {upload.id: upload.key.rpartition("/")[2] for upload in drawn.uploads}
    return News(
        horizon=HORIZONS[-1],
        outlooks=outlooks(ahead),
        files=[named[upload] for upload in drawn.new_files],
        tickers=sorted(status.keys() - known.keys()),
        behind=track_record.behind(told, before),
        stale=sorted(name for name, word in status.items() if word == STALE and known.get(name) != STALE),
        corrected=facts.corrected,
        rescaled=facts.rescaled,
        missing=drawn.missing,
        unmatched=drawn.unmatched,
        track=facts.track,
        lights=wording.lights(facts),
        noted=[news.Noted(*one) for one in track_record.noted(told, before, named)],
        gone=sorted(before.keys() - status.keys()),
        late=drawn.late,
        model=trained.in_message(facts),
        flagged=[
            news.Flagged(ticker, findings.kinds(fresh))
            for ticker, said in health
            if (fresh := findings.anew(said, before[ticker].notes if ticker in before else ()))
        ],
    )


def health_of(told: list[dict]) -> Health:
    """What looks wrong of each ticker of which something does, by name."""
    return sorted((name, [Said(*one) for one in said]) for shard in told for name, said in shard["health"].items())


def outlooks(ahead: pa.Table) -> list[news.Outlook]:
    """The forecasts of the widest expected moves, at the longest horizon."""
    rows = ahead.filter(pc.equal(ahead["horizon"], HORIZONS[-1]))
    order: list[tuple[str, Literal["ascending", "descending"]]]
    order = [("expected_move", "descending"), ("ticker", "ascending")]
    widest = rows.sort_by(order).slice(0, news.SHOWN).to_pylist()
    return [news.Outlook(*(row[name] for name in ("ticker", "naive", "expected_move", "p10", "p90"))) for row in widest]


def commit(run: Run, drawn: Plan, facts: RunFacts, used: Used) -> None:
    """Write the run's row, if the run still leads."""
    dataset.must_lead(drawn)
    facts = dataclasses.replace(facts, finished=now())  # the report took its time
    published = published_run.Run(
        run_id=drawn.run_id,
        term=drawn.term,
        finished=facts.finished,
        uploads=tuple(upload.id for upload in drawn.uploads),
        earlier=drawn.earlier,
        rows=facts.rows,
        inputs=drawn.inputs,
        settings=drawn.settings.effective,
        table_hash=facts.table_hash,
        fold=drawn.fold,
        code=drawn.code,
        schema=SCHEMA,
        model=used.model,
        light_live=facts.light_live or "",
    )
    dataset.publish(run, published)
    row = schemas.to_parquet("runs", run_row(facts))
    storage.put(settings().lake_bucket, keys.lake("runs", run, keys.part(0)), row)


def gather(
    setting: Settings,
    event: SummarizeEvent,
    drawn: Plan,
    data: dict,
    told: list[dict],
    came: dict[int, track.Score],
    scores: Arrays,
    health: Health,
    used: Used,
) -> RunFacts:
    run, newest, evidence = event["run"], drawn.uploads[-1], used.evidence
    new = dataset.verdicts(drawn.dataset, drawn.new_files[-SHOWN_FILES:])
    return RunFacts(
        dataset=run["dataset"],
        run_id=run["run_id"],
        **of_plan(drawn),
        seed=evidence["seed"],
        parameters=parameters(setting, drawn, evidence, event["inference_digest"]),
        source_key=newest.key,
        source_version=newest.version_id,
        uploaded=instant_of(newest.id),
        started=datetime.datetime.fromisoformat(event["execution_started"]),
        finished=now(),
        read=[FileRead(verdict.upload.key, verdict.rejected_rows, verdict.reading) for verdict in new],
        left_out=sorted((skip for shard in told for skip in shard["left_out"]), key=lambda skip: skip["ticker"]),
        track=came,
        **corrections(drawn, told),
        live=traffic_light.held({h: score.by_day() for h, score in came.items()}, came[HORIZONS[0]].still_by_day()),
        backtest=traffic_light.held(metrics.beyond(scores), metrics.still(scores)),
        health=[(ticker, [one.text for one in said]) for ticker, said in health],
        **{name: data[name] for name in ("cuts", "rows", "rejected_rows", "tickers", "table_hash")},
        rejected_uri=f"s3://{setting.lake_bucket}/rejected/dataset={run['dataset']}/",
        shards=run["shards"],
        **instances(setting, event),
        model_uri=used.model.uri,
        model_run=used.model.run_id,
        model_reason=used.reason,
        gates=[float(evidence["gates"][str(horizon)]) for horizon in HORIZONS],
        evidence=evidence,
    )


def of_plan(drawn: Plan) -> dict[str, Any]:
    """What the run was made of."""
    return {
        "term": drawn.term,
        "inputs": drawn.inputs,
        "files": len(drawn.uploads),
        "new_files": drawn.new_files,
        "missing": drawn.missing,
        "base_run": drawn.base,
        "settings": drawn.settings.version,
        "code": drawn.code,
    }


def instances(setting: Settings, event: SummarizeEvent) -> dict[str, Any]:
    """What the run had of SageMaker, and what that costs."""
    training, hosting = setting.training_instance_type, setting.endpoint_instance_type
    train_seconds, endpoint_seconds = event["train_seconds"], event["endpoint_seconds"]
    return {
        "training_image": setting.training_image,
        "inference_image": setting.inference_image,
        "inference_digest": event["inference_digest"],
        "training_instance_type": training,
        "endpoint_instance_type": hosting,
        "train_seconds": train_seconds,
        "endpoint_seconds": endpoint_seconds,
        "cost_usd": cost.estimate(
            train_seconds * setting.training_instance_count,  # SageMaker says the seconds of one
            training,
            endpoint_seconds,
            hosting,
            setting.endpoint_instance_count,
        ),
        "prices_of": cost.PRICES_OF,
    }


def parameters(setting: Settings, drawn: Plan, evidence: Evidence, digest: str) -> str:
    """What shapes the run's figures and has no column of its own, as a flat JSON object by name.

    digest is that of the container that served, empty where it is not known.
    """
    served = {"inference_digest": digest} if digest else {}
    shaping = {
        "bad_row_tolerance": drawn.settings.bad_row_tolerance,
        "endpoint_instance_count": setting.endpoint_instance_count,
        "random_forest_seed": FOREST_SEED,
        "random_forest_trees": FOREST_TREES,
        "retrain_after_sessions": setting.retrain_after_sessions,
        "shard_kilobytes": setting.shard_kilobytes,
        "test_fraction": drawn.settings.test_fraction,
        "training_instance_count": setting.training_instance_count,
    }
    return json.dumps({**shaping, **served, **evidence["hyperparameters"], **evidence["versions"]}, sort_keys=True)


def track_scores(run: Run, drawn: Plan, told: list[dict], before: Mapping[str, Before]) -> dict[int, track.Score]:
    """What came of the forecasts of the dataset's last runs, by today's table."""
    rescaled: dict[str, list[tuple[str, float]]] = {}
    for shard in told:
        for ticker, upload, ratio, _ in shard["rescaled"]:
            rescaled.setdefault(ticker, []).append((upload, ratio))
    return track_record.score(run, drawn.term, rescaled, before)


def run_row(facts: RunFacts) -> dict[str, list]:
    """The columns of the runs table, one row long; instants lose their zone, which is UTC."""
    row = {name: getattr(facts, name) for name in schemas.SCHEMAS["runs"].names}
    for name in ("uploaded", "started", "finished"):
        row[name] = row[name].astimezone(datetime.UTC).replace(tzinfo=None)
    return {name: [value] for name, value in row.items()}


def drawings(run: Run, named: Set[str]) -> tuple[Glances, list[Chart]]:
    """What Publish left for the first table, and the charts that the page has; a shard at a time."""
    glances = Glances()
    charted: list[Chart] = []
    for shard in working.of_shards(run, lambda number: working.get_json(run, "charts", number)):
        glances.add(shard["glances"])
        charted = charts.chosen([*charted, *shard["charts"]], named)
    return glances, charted


def measured(run: Run, scores: Arrays, wanted: Set[str]) -> list[MetricsRow]:
    """Write the metrics table, some tickers at a time, and return its rows of the wanted ones."""
    kept: list[MetricsRow] = []

    def pieces() -> Iterator[pa.Table]:
        for piece in metrics.pieces(scores, schemas.ROW_GROUP // metrics.ROWS):
            own = np.isin(piece["ticker"], list(wanted))
            kept.extend(metrics.rows({name: column[own] for name, column in piece.items()}))
            yield schemas.arrow("metrics", piece)

    body = schemas.written(pieces(), schemas.SCHEMAS["metrics"])
    storage.put(settings().lake_bucket, keys.lake("metrics", run, keys.part(0)), body)
    return kept


def record(pooled: metrics.ByModel, facts: RunFacts) -> None:
    """Count the forecast's error against naive, by horizon, and red lights, which an alarm over all datasets reads."""
    for horizon in HORIZONS:
        ratio = pooled["forecast", horizon]["rmse_vs_naive"]
        if ratio is not None:
            telemetry.count(f"RmseVsNaive{horizon}", ratio, facts.dataset, MetricUnit.NoUnit)
    telemetry.count_alone("RedLights", [facts.light_live, facts.light_backtest].count("red"))


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
