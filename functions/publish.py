"""Join one shard's prices and forecasts, write them as tables, and leave what Summarize needs of them."""

import json

import numpy as np

from common import keys, storage, telemetry, working
from common.events import LambdaContext, PublishResult, Run, ShardEvent
from common.settings import settings
from stocks import metrics, predictions, schemas
from stocks.contract import FORECAST, SKIPPED, STALE, Arrays
from stocks.dataset import calendars, fold
from stocks.dataset.table import Facts
from stocks.health.findings import Said
from stocks.reporting import charts, glance
from stocks.series import Shard, Ticker, iso


@telemetry.step
def handler(event: ShardEvent, context: LambdaContext) -> PublishResult:
    run, number = event["run"], event["shard"]
    data = working.get_json(run, "data")
    shard, skipped = (Shard.from_arrays(working.get_arrays(run, kind, number)) for kind in ("shards", "skipped"))
    baseline, forecasts = (working.get_arrays(run, kind, number) for kind in ("baseline", "forecasts"))
    kept = [calendars.infer(ticker.rows["days"], data["votes"]) for ticker in shard]
    stale = np.array([is_stale(*own, data["newest_day"]) for own in zip(shard, kept, strict=True)], bool)
    rows = predictions.join(shard, baseline, forecasts, working.get_arrays(run, "calibration"), kept, stale)
    put_predictions(run, number, rows, shard.tickers)
    storage.put(settings().lake_bucket, keys.lake("prices", run, keys.part(number)), schemas.prices(shard, skipped))
    known = zip(kept, stale.tolist(), strict=True)
    missed = first_missed(shard, kept, stale, data["newest_day"])
    put_tickers(run, number, dict(zip(shard.tickers.tolist(), known, strict=True)), missed, data)
    working.put_arrays(run, "scores", metrics.score(rows, shard), number)
    drawn = {"glances": glance.of_shard(rows, shard), "charts": charts.of_shard(rows, shard, data["tickers"])}
    working.put_json(run, "charts", drawn, number)
    return {"shard": number, "rows": len(rows["ticker"])}


def is_stale(ticker: Ticker, calendar: str, newest_day: int) -> bool:
    """Whether the ticker has ended, by its own calendar."""

    def sessions(first: int, last: int) -> int:
        return int(calendars.sessions_between(calendar, np.array([first - 1]), np.array([last]))[0])

    return fold.is_stale(int(ticker.rows["days"][-1]), newest_day, sessions)


def first_missed(shard: Shard, kept: list[str], stale: np.ndarray, newest_day: int) -> dict[str, int]:
    """The first session, in days since 1970, that a ticker has missed up to the dataset's newest day, if it has.

    Who has ended misses nothing any more, and a ticker without a calendar is expected on no day.
    """
    missed = {}
    for ticker, calendar, ended in zip(shard, kept, stale.tolist(), strict=True):
        day = int(calendars.sessions_ahead(calendar, ticker.rows["days"][-1:], 1)[0])
        if day <= newest_day and not ended and calendar != calendars.IRREGULAR:
            missed[ticker.name] = day
    return missed


def findings_of(ticker: str, scaled: dict, alike: dict[str, str], ended: str) -> list[Said]:
    """What looks wrong of a ticker: what Scale found, a look-alike of any shard, and why it has ended if it has."""
    said = [Said(*one) for one in scaled.get(ticker, [])]
    if ticker in alike:
        said.append(Said("alike", alike[ticker]))
    return [*said, Said("end", ended)] if ended else said


def put_predictions(run: Run, number: int, rows: Arrays, names: np.ndarray) -> None:
    """Test rows go to the table, future rows to Summarize, which writes those of all shards as one file."""
    future = rows["future"]
    test, ahead = ({name: column[own] for name, column in rows.items()} for own in (~future, future))
    key = keys.lake("predictions", run, f"test-{keys.part(number)}")
    storage.put(settings().lake_bucket, key, schemas.predictions(test, names))
    working.put_parquet(run, "future", schemas.predictions(ahead, names), number)


def put_tickers(
    run: Run, number: int, forecast: dict[str, tuple[str, bool]], missed: dict[str, int], data: dict
) -> None:
    """What is known of every ticker of the shard: for analysts, and for the run that takes this one as its base.

    forecast has calendar and staleness of each ticker that is long enough.
    """
    merged, scaled = working.get_json(run, "merged", number), working.get_json(run, "scaled", number)
    facts = [Facts.of(stored) for stored in merged["facts"]]
    reasons = {skip["ticker"]: skip["reason"] for skip in scaled["skipped"]}
    rows, health = [], {}
    for fact in facts:
        calendar, stale = forecast.get(fact.ticker, ("", False))
        reason = reasons.get(fact.ticker, "")
        if stale:
            reason = f"its last day is {iso(fact.last_day)}, the dataset's is {iso(data['newest_day'])}"
        status = STALE if stale else SKIPPED if reason else FORECAST
        said = findings_of(fact.ticker, scaled["health"], data["alike"], reason if stale else "")
        notes = [*fact.notes, *(one.note for one in said)]
        rows.append(fact.row() | {"status": status, "reason": reason, "calendar": calendar, "notes": notes})
        if said:
            health[fact.ticker] = said
    columns = {name: [row[name] for row in rows] for name in schemas.SCHEMAS["tickers"].names}
    lake = settings().lake_bucket
    storage.put(lake, keys.lake("tickers", run, keys.part(number)), schemas.to_parquet("tickers", columns))
    body = json.dumps([fact.stored() for fact in facts])
    storage.put(lake, keys.lake("facts", run, f"{number:05d}.json"), body, "application/json")
    told = {
        "left_out": [{"ticker": row["ticker"], "reason": row["reason"]} for row in rows if row["reason"]],
        "status": {row["ticker"]: row["status"] for row in rows},
        "rescaled": [(fact.ticker, *entry) for fact in facts for entry in fact.rescaled],
        "corrected": merged["corrected"],
        "missed": missed,
        "noted": {fact.ticker: fact.notes for fact in facts if fact.notes},
        "health": health,
    }
    working.put_json(run, "tickers", told, number)
