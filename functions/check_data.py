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
from stocks.day_sums import DaySums
from stocks.health import alike
from stocks.reading.rejected import Unusable, show

HASH_SPACE = 1 << 256


class Merged:
    """What Merge left of all shards, added up as they are read.

    hash is the sum of the shards'. days has the rows of each day. months has the hashes of each ticker, by name.
    """

    def __init__(self) -> None:
        self.hash, self.days, self.votes = 0, DaySums(rows=np.empty(0, np.int64)), Counter[str]()
        self.months: dict[str, str] = {}
        self.changed: list[str] = []
        self._long_on: list[int] = []
        self._longest, self._most = "", 0

    def add(self, shard: dict) -> None:
        self.hash += int(shard["hash"], 16)
        place = self.days.places(np.array(shard["days"], np.int32))
        self.days.sums["rows"][place] += np.array(shard["counts"], np.int64)
        self.votes += Counter(shard["votes"])
        self.changed += shard["changed"]
        self._long_on += [day for day in shard["long_on"] if day is not None]
        for fact, months in zip(shard["facts"], shard["months"], strict=True):
            self.months[fact["ticker"]] = months
            if fact["rows"] > self._most:
                self._longest, self._most = fact["ticker"], fact["rows"]

    def long_enough(self, test_from: str) -> int:
        """How many tickers have rows enough before the test period. Raises Unusable where none has."""
        cut = series.day_of(test_from)
        fits = sum(day < cut for day in self._long_on)
        if not fits:
            raise Unusable(
                f"none of {len(self.months):,} tickers has {FEWEST_ROWS} days before the test period ({test_from}); "
                f"the longest, {show(self._longest)}, has {self._most:,} in all; upload more history"
            )
        return fits


@telemetry.step
def handler(event: RunEvent, context: LambdaContext) -> CheckDataResult:
    run = event["run"]
    drawn = dataset.planned(run)
    merged = Merged()
    for shard in working.of_shards(run, lambda number: working.get_json(run, "merged", number)):
        merged.add(shard)
    table_hash = f"{merged.hash % HASH_SPACE:064x}"
    newest = plans.newest(dataset.runs(run["dataset"]))
    if coordination.is_unchanged(drawn, newest, table_hash):
        return ends(drawn, "unchanged", "the table, the settings and the code are those of the newest run")
    days, counts = merged.days.day, merged.days.sums["rows"]
    try:
        cuts = series.cuts(days, counts, drawn.settings.test_fraction)
        tickers = merged.long_enough(cuts["test_from"])
    except Unusable as reason:
        stay = "; the forecasts stay those of the run before" if drawn.newest else ""
        return ends(drawn, "too_short", f"{reason}{stay}")
    rows = int(counts.sum())
    taken, why = choose(drawn, days, counts, cuts["test_from"], merged.changed)
    data = {
        "cuts": cuts,
        "rows": rows,
        "rejected_rows": sum(upload.rejected_rows for upload in drawn.uploads),
        "tickers": tickers,
        "newest_day": int(days[-1]),
        "votes": merged.votes,
        "alike": alike.pairs(merged.months),
        "table_hash": table_hash,
        "previous": newest.run_id if newest and newest.term else "",
        "model": dataclasses.asdict(taken) if taken else None,
        "model_reason": why,
    }
    working.put_json(run, "data", data)
    record(data, len(merged.months) - tickers, run["dataset"])
    return {
        "status": "reuse" if taken else "train",
        "reason": why,
        "crawl": False,
        "rows": rows,
        "tickers": tickers,
        "model_uri": taken.uri if taken else "",
    }


def choose(
    drawn: Plan, days: np.ndarray, counts: np.ndarray, test_from: str, changed: Sequence[str]
) -> tuple[Model | None, str]:
    """The model that the run takes, None where it trains one, and why."""
    if drawn.model is None:
        return None, drawn.trains
    table = retraining.Table(
        newest_day=int(days[-1]),
        sessions=int(np.count_nonzero(days > drawn.model.newest_day)),
        rows_then=int(counts[days <= drawn.model.newest_day].sum()),
        test_from=series.day_of(test_from),
        changed=sorted(changed),
    )
    stands = models.stands(drawn.model)
    takes, why = retraining.verdict(drawn.model, table, stands, settings().retrain_after_sessions)
    return (drawn.model if takes else None), why


def ends(drawn: Plan, status: Literal["unchanged", "too_short"], reason: str) -> CheckDataResult:
    """The answer where the run ends green without publishing."""
    crawl = coordination.needs_crawl(dataset.lease(drawn.dataset).lease, drawn)
    return {"status": status, "reason": reason, "crawl": crawl, "rows": 0, "tickers": 0, "model_uri": ""}


def record(data: dict, skipped: int, name: str) -> None:
    telemetry.count("Rows", data["rows"], name)
    telemetry.count("RejectedRows", data["rejected_rows"], name)
    telemetry.count("Tickers", data["tickers"], name)
    telemetry.count("SkippedTickers", skipped, name)
