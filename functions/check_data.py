"""Judge the dataset's table after Merge: is it long enough, is anything new in it, and may its last model be taken?"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from common import dataset, models, telemetry, working
from common.events import CheckDataResult, LambdaContext, RunEvent
from common.settings import settings
from stocks import series
from stocks.contract import FEWEST_ROWS
from stocks.dataset import coordination, retraining
from stocks.dataset import plan as plans
from stocks.dataset.plan import Model, Plan
from stocks.health import alike
from stocks.reading.rejected import Unusable, show

HASH_SPACE = 1 << 256


@telemetry.step
def handler(event: RunEvent, context: LambdaContext) -> CheckDataResult:
    run = event["run"]
    drawn = dataset.planned(run)
    merged = list(working.of_shards(run, lambda shard: working.get_json(run, "merged", shard)))
    table_hash = f"{sum(int(shard['hash'], 16) for shard in merged) % HASH_SPACE:064x}"
    newest = plans.newest(dataset.runs(run["dataset"]))
    if coordination.is_unchanged(drawn, newest, table_hash):
        return ends(drawn, "unchanged", "the table, the settings and the code are those of the newest run")
    days, counts = day_counts(merged)
    try:
        cuts = series.cuts(days, counts, drawn.settings.test_fraction)
        tickers = long_enough(merged, cuts["test_from"])
    except Unusable as reason:
        stay = "; the forecasts stay those of the run before" if drawn.newest else ""
        return ends(drawn, "too_short", f"{reason}{stay}")
    rows, every = int(counts.sum()), sum(len(shard["facts"]) for shard in merged)
    taken, why = choose(drawn, days, counts, cuts["test_from"], merged)
    data = {
        "cuts": cuts,
        "rows": rows,
        "rejected_rows": sum(upload.rejected_rows for upload in drawn.uploads),
        "tickers": tickers,
        "newest_day": int(days[-1]),
        "votes": sum((Counter(shard["votes"]) for shard in merged), Counter()),
        "alike": look_alikes(merged),
        "table_hash": table_hash,
        "previous": newest.run_id if newest and newest.term else "",
        "model": dataclasses.asdict(taken) if taken else None,
        "model_reason": why,
    }
    working.put_json(run, "data", data)
    record(data, every - tickers, run["dataset"])
    return {
        "status": "reuse" if taken else "train",
        "reason": why,
        "crawl": False,
        "rows": rows,
        "tickers": tickers,
        "model_uri": taken.uri if taken else "",
    }


def choose(
    drawn: Plan, days: np.ndarray, counts: np.ndarray, test_from: str, merged: Sequence[dict]
) -> tuple[Model | None, str]:
    """The model that the run takes, None where it trains one, and why."""
    if drawn.model is None:
        return None, drawn.trains
    table = retraining.Table(
        newest_day=int(days[-1]),
        sessions=int(np.count_nonzero(days > drawn.model.newest_day)),
        rows_then=int(counts[days <= drawn.model.newest_day].sum()),
        test_from=series.day_of(test_from),
        changed=sorted(name for shard in merged for name in shard["changed"]),
    )
    stands = models.stands(drawn.model)
    takes, why = retraining.verdict(drawn.model, table, stands, settings().retrain_after_sessions)
    return (drawn.model if takes else None), why


def ends(drawn: Plan, status: Literal["unchanged", "too_short"], reason: str) -> CheckDataResult:
    """The answer where the run ends green without publishing."""
    crawl = coordination.needs_crawl(dataset.lease(drawn.dataset).lease, drawn)
    return {"status": status, "reason": reason, "crawl": crawl, "rows": 0, "tickers": 0, "model_uri": ""}


def day_counts(merged: Sequence[dict]) -> tuple[np.ndarray, np.ndarray]:
    """The ascending days that have rows in any shard, int32[d], and how many, int64[d]."""
    days = np.concatenate([np.array(shard["days"], np.int32) for shard in merged])
    counts = np.concatenate([np.array(shard["counts"], np.int64) for shard in merged])
    every, place = np.unique(days, return_inverse=True)
    return every, np.bincount(place, counts, len(every)).astype(np.int64)


def long_enough(merged: Sequence[dict], test_from: str) -> int:
    """How many tickers have rows enough before the test period. Raises Unusable where none has."""
    cut = series.day_of(test_from)
    fits = sum(day is not None and day < cut for shard in merged for day in shard["long_on"])
    if not fits:
        facts = [fact for shard in merged for fact in shard["facts"]]
        longest = max(facts, key=lambda fact: fact["rows"])
        raise Unusable(
            f"none of {len(facts):,} tickers has {FEWEST_ROWS} days before the test period ({test_from}); the longest, "
            f"{show(longest['ticker'])}, has {longest['rows']:,} in all; upload more history"
        )
    return fits


def look_alikes(merged: Sequence[dict]) -> dict[str, str]:
    """What is to be said of tickers that are like another one, of any shard."""
    hashed = (zip(shard["facts"], shard["months"], strict=True) for shard in merged)
    return alike.pairs({fact["ticker"]: months for shard in hashed for fact, months in shard})


def record(data: dict, skipped: int, name: str) -> None:
    telemetry.count("Rows", data["rows"], name)
    telemetry.count("RejectedRows", data["rejected_rows"], name)
    telemetry.count("Tickers", data["tickers"], name)
    telemetry.count("SkippedTickers", skipped, name)
