"""Measure the forecasts over all shards, write the report and, last of all, the run's row: that row is the commit."""

import datetime
import io
import json
import tarfile
from collections.abc import Iterator

from aws_lambda_powertools.metrics import MetricUnit

from common import attempts, cost, keys, storage, telemetry, working
from common.events import LambdaContext, Run, SummarizeEvent, SummarizeResult, Summary
from common.settings import Settings, settings
from stocks import metrics, schemas
from stocks.contract import HORIZONS
from stocks.reporting import charts, page, wording
from stocks.reporting.facts import Evidence, RunFacts

REPORTED_ROWS = 60_000  # of the metrics table: 5,000 tickers, more than the page shows; as dicts they take 60 MB


@telemetry.step
def handler(event: SummarizeEvent, context: LambdaContext) -> SummarizeResult:
    setting, run = settings(), event["run"]
    facts = gather(setting, event)
    scores = metrics.pool(working.get_arrays(run, "scores", number) for number in range(run["shards"]))
    measured = metrics.columns(scores)
    rows = metrics.rows({name: column[:REPORTED_ROWS] for name, column in measured.items()})
    charted = charts.collect(read_charts(run), facts.tickers)
    html = page.render(rows, metrics.direction_intervals(scores), facts, charted)
    attempts.put_alone(setting, run, "metrics", keys.part(0), schemas.to_parquet("metrics", measured))
    report_uri = attempts.put_alone(setting, run, "reports", "report.html", html, "text/html; charset=utf-8")
    pooled = metrics.pooled_rows(rows)
    summary: Summary = {
        "report_uri": report_uri,
        "headline": wording.message(pooled, facts),
        "tickers": facts.tickers,
        "rmse_vs_naive": pooled["forecast", HORIZONS[0]]["rmse_vs_naive"],
    }
    working.put_json(run, "summary", summary)
    attempts.must_be_ours(setting, run["run_id"], event["execution_arn"])
    attempts.put_alone(setting, run, "runs", keys.part(0), schemas.to_parquet("runs", run_row(facts)))
    record(pooled, run["dataset"])
    # A crawl that begins after this instant has seen the run's row.
    return {"finished": now().isoformat().replace("+00:00", "Z"), **summary}


def gather(setting: Settings, event: SummarizeEvent) -> RunFacts:
    run = event["run"]
    manifest, data = working.get_json(run, "manifest"), working.get_json(run, "data")
    evidence, source = read_evidence(event["model_uri"]), manifest["source"]
    training, hosting = setting.training_instance_type, setting.endpoint_instance_type
    train_seconds, endpoint_seconds = event["train_seconds"], event["endpoint_seconds"]
    return RunFacts(
        dataset=run["dataset"],
        run_id=run["run_id"],
        source_uri=f"s3://{source['bucket']}/{source['key']}",
        source_key=source["key"],
        source_version=source["version_id"],
        uploaded=datetime.datetime.fromisoformat(manifest["uploaded"]),
        started=datetime.datetime.fromisoformat(event["execution_started"]),
        finished=now(),
        cuts=manifest["cuts"],
        reading=manifest["reading"],
        **{name: data[name] for name in ("rows", "rejected_rows", "tickers", "skipped")},
        rejected_uri=f"s3://{setting.lake_bucket}/{keys.lake('rejected', run)}",
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


def run_row(facts: RunFacts) -> dict[str, list]:
    """The columns of the runs table, one row long; instants lose their zone, which is UTC."""
    row = {name: getattr(facts, name) for name in schemas.SCHEMAS["runs"].names}
    row["skipped"] = [skip["ticker"] for skip in facts.skipped]
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
