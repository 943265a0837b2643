"""Measure the forecasts over all shards, write the report and, last of all, the run's row: that row is the commit."""

import dataclasses
import datetime
import io
import json
import tarfile
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from aws_lambda_powertools.metrics import MetricUnit

from common import cost, dataset, keys, storage, telemetry, working
from common.events import LambdaContext, NamedRun, Run, SummarizeEvent, SummarizeResult, Summary
from common.settings import Settings, settings
from stocks import metrics, schemas, track
from stocks.contract import HORIZONS, SCHEMA, STALE
from stocks.dataset import plan as published_run
from stocks.dataset.plan import Plan
from stocks.dataset.uploads import instant_of
from stocks.reporting import charts, news, page, wording
from stocks.reporting.facts import Evidence, FileRead, RunFacts
from stocks.reporting.news import News

TRACKED_RUNS = 60  # three months of daily files; SQL has them all
SHOWN_FILES = 3  # of a run, of which the report says how they were read
REPORTED_ROWS = 60_000  # of the metrics table: 5,000 tickers, more than the page shows; as dicts they take 60 MB


@telemetry.step
def handler(event: SummarizeEvent, context: LambdaContext) -> SummarizeResult:
    setting, run = settings(), event["run"]
    drawn, data = dataset.planned(run), working.get_json(run, "data")
    told = [working.get_json(run, "tickers", number) for number in range(run["shards"])]
    facts = gather(setting, event, drawn, data, told)
    scores = metrics.pool(working.get_arrays(run, "scores", number) for number in range(run["shards"]))
    measured = metrics.columns(scores)
    rows = metrics.rows({name: column[:REPORTED_ROWS] for name, column in measured.items()})
    charted = charts.collect(read_charts(run), facts.tickers)
    html = page.render(rows, metrics.direction_intervals(scores), facts, charted)
    lake = setting.lake_bucket
    ahead = future(run)
    storage.put(lake, keys.lake("predictions", run, f"future-{keys.part(0)}"), schemas.written(ahead))
    storage.put(lake, keys.lake("metrics", run, keys.part(0)), schemas.to_parquet("metrics", measured))
    report_uri = storage.put(lake, keys.lake("reports", run, "report.html"), html, "text/html; charset=utf-8")
    pooled = metrics.pooled_rows(rows)
    summary: Summary = {
        "report_uri": report_uri,
        "headline": wording.message(pooled, facts),
        "tickers": facts.tickers,
        "rmse_vs_naive": pooled["forecast", HORIZONS[0]]["rmse_vs_naive"],
    }
    working.put_json(run, "message", {"lines": list(news.lines(changes(drawn, data, told, ahead)))})
    commit(run, drawn, facts)
    record(pooled, run["dataset"])
    # A crawl that begins after this instant has seen the run's row.
    return {"finished": now().isoformat().replace("+00:00", "Z"), **summary}


def future(run: Run) -> pa.Table:
    """The future rows of all shards, for one file: a track record over years must not read a small one per shard."""
    parts = (working.get_parquet(run, "future", shard) for shard in range(run["shards"]))
    return pa.concat_tables(pq.read_table(io.BytesIO(part)) for part in parts)


def changes(drawn: Plan, data: dict, told: list[dict], ahead: pa.Table) -> News:
    """What the message tells of the run; told is what Publish left of each shard's tickers."""
    status = {ticker: word for shard in told for ticker, word in shard["status"].items()}
    before = status_of(drawn.dataset, data["previous"]) if data["previous"] else status
    named = {upload.id: upload.key.rpartition("/")[2] for upload in drawn.uploads}
    rows = {upload.id: upload.rows for upload in drawn.uploads}
    new = set(drawn.new_files)
    return News(
        horizon=HORIZONS[-1],
        outlooks=outlooks(ahead),
        files=[named[upload] for upload in drawn.new_files],
        tickers=sorted(status.keys() - before.keys()),
        stale=sorted(name for name, word in status.items() if word == STALE and before.get(name) != STALE),
        corrected=[
            news.Corrected(named[upload], sum(shard["corrected"].get(upload, 0) for shard in told), rows[upload])
            for upload in drawn.new_files
            if any(upload in shard["corrected"] for shard in told)
        ],
        rescaled=[
            news.Rescaled(ticker, ratio, named[upload])
            for shard in told
            for ticker, upload, ratio, _ in shard["rescaled"]
            if upload in new
        ],
        missing=drawn.missing,
    )


def status_of(name: str, run_id: str) -> dict[str, str]:
    """The status of every ticker in an earlier run, as its table of tickers has it."""
    run: NamedRun = {"run_id": run_id, "dataset": name}
    found: dict[str, str] = {}
    for number in range(dataset.planned(run).shards):
        if body := still_there(keys.lake("tickers", run, keys.part(number))):
            table = pq.read_table(io.BytesIO(body), columns=["ticker", "status"])
            found |= dict(zip(table["ticker"].to_pylist(), table["status"].to_pylist(), strict=True))
    return found


def outlooks(ahead: pa.Table) -> list[news.Outlook]:
    """The forecasts of the widest expected moves, at the longest horizon."""
    rows = ahead.filter(pc.equal(ahead["horizon"], HORIZONS[-1]))
    order: list[tuple[str, Literal["ascending", "descending"]]]
    order = [("expected_move", "descending"), ("ticker", "ascending")]
    widest = rows.sort_by(order).slice(0, news.SHOWN).to_pylist()
    return [news.Outlook(*(row[name] for name in ("ticker", "naive", "expected_move", "p10", "p90"))) for row in widest]


def commit(run: Run, drawn: Plan, facts: RunFacts) -> None:
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
    )
    dataset.publish(run, published)
    row = schemas.to_parquet("runs", run_row(facts))
    storage.put(settings().lake_bucket, keys.lake("runs", run, keys.part(0)), row)


def gather(setting: Settings, event: SummarizeEvent, drawn: Plan, data: dict, told: list[dict]) -> RunFacts:
    run, newest = event["run"], drawn.uploads[-1]
    evidence = read_evidence(event["model_uri"])
    training, hosting = setting.training_instance_type, setting.endpoint_instance_type
    train_seconds, endpoint_seconds = event["train_seconds"], event["endpoint_seconds"]
    new = dataset.verdicts(drawn.dataset, drawn.new_files[-SHOWN_FILES:])
    return RunFacts(
        dataset=run["dataset"],
        run_id=run["run_id"],
        term=drawn.term,
        inputs=drawn.inputs,
        files=len(drawn.uploads),
        new_files=drawn.new_files,
        missing=drawn.missing,
        base_run=drawn.base,
        settings=drawn.settings.version,
        code=drawn.code,
        source_key=newest.key,
        source_version=newest.version_id,
        uploaded=instant_of(newest.id),
        started=datetime.datetime.fromisoformat(event["execution_started"]),
        finished=now(),
        read=[FileRead(verdict.upload.key, verdict.rejected_rows, verdict.reading) for verdict in new],
        left_out=sorted((skip for shard in told for skip in shard["left_out"]), key=lambda skip: skip["ticker"]),
        track=track_record(run, drawn, told),
        **{name: data[name] for name in ("cuts", "rows", "rejected_rows", "tickers", "table_hash")},
        rejected_uri=f"s3://{setting.lake_bucket}/rejected/dataset={run['dataset']}/",
        shards=run["shards"],
        train_seconds=train_seconds,
        endpoint_seconds=endpoint_seconds,
        training_instance_type=training,
        endpoint_instance_type=hosting,
        cost_usd=cost.estimate(train_seconds, training, endpoint_seconds, hosting, setting.endpoint_instance_count),
        prices_of=cost.PRICES_OF,
        model_uri=event["model_uri"],
        gates=[float(evidence["gates"][str(horizon)]) for horizon in HORIZONS],
        evidence=evidence,
    )


def track_record(run: Run, drawn: Plan, told: list[dict]) -> dict[int, track.Score]:
    """What came of the forecasts of the dataset's last runs, by today's table."""
    scores, earlier = track.empty(), dataset.last_runs(drawn.dataset, TRACKED_RUNS)
    said = track_said(drawn.dataset, earlier)
    if said is None:
        return scores
    known = [frozenset(one.uploads) for one in earlier]
    for number, shard in enumerate(told):
        rescaled: dict[str, list[tuple[str, float]]] = {}
        for ticker, upload, ratio, _ in shard["rescaled"]:
            rescaled.setdefault(ticker, []).append((upload, ratio))
        track.add(scores, said, working.get_arrays(run, "rows", number), rescaled, known)
    return scores


def track_said(name: str, runs: list[published_run.Run]) -> track.Said | None:
    """The first forecast of each ticker, day and horizon that these runs published; None without any."""
    parts = []
    for place, earlier in enumerate(runs):
        run: NamedRun = {"run_id": earlier.run_id, "dataset": name}
        body = still_there(keys.lake("predictions", run, f"future-{keys.part(0)}"))
        if body:
            parts.append(schemas.said(pq.read_table(io.BytesIO(body)), earlier.finished, place))
    if not parts:
        return None
    return track.first(track.Said(*(np.concatenate(columns) for columns in zip(*parts, strict=True))))


def still_there(key: str) -> bytes | None:
    """An object of an earlier run, None where somebody deleted it: this run is published all the same."""
    body = storage.find(settings().lake_bucket, key).body
    if body is None:
        telemetry.logger.warning("an earlier run lacks this file", key=key)
    return body


def run_row(facts: RunFacts) -> dict[str, list]:
    """The columns of the runs table, one row long; instants lose their zone, which is UTC."""
    row = {name: getattr(facts, name) for name in schemas.SCHEMAS["runs"].names}
    for name in ("uploaded", "started", "finished"):
        row[name] = row[name].astimezone(datetime.UTC).replace(tzinfo=None)
    return {name: [value] for name, value in row.items()}


def read_evidence(model_uri: str) -> Evidence:
    """How far the model trusts its LSTM at each horizon and why, from beside the SavedModel."""
    bucket, _, key = model_uri.removeprefix("s3://").partition("/")
    with tarfile.open(fileobj=io.BytesIO(storage.get(bucket, key))) as archive:
        for member in archive:
            if member.name.removeprefix("./") == "evidence.json":
                content = archive.extractfile(member)
                assert content is not None
                return json.load(content)
    raise FileNotFoundError(f"{model_uri} holds no evidence.json")


def read_charts(run: Run) -> Iterator[list[charts.Chart]]:
    for number in range(run["shards"]):
        yield working.get_json(run, "charts", number)["charts"]


def record(pooled: metrics.ByModel, dataset: str) -> None:
    """Count the forecast's error against naive, by horizon."""
    for horizon in HORIZONS:
        ratio = pooled["forecast", horizon]["rmse_vs_naive"]
        if ratio is not None:
            telemetry.count(f"RmseVsNaive{horizon}", ratio, dataset, MetricUnit.NoUnit)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
