"""Forecast, calibrate and publish over shards in one process, and what they wrote."""

import io

import pyarrow as pa
import pyarrow.parquet as pq

import baseline
import calibrate
import forecast
import publish
from common import storage, working
from stocks import metrics
from stocks.dataset.table import Facts
from tests.support import shards as made
from tests.support.prices import walk

RUN = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 2}
LAKE = "{}/dataset=us/run_id=us-0123456789ab/{}"


def facts_of(*shards):
    """What Merge says of the tickers of a shard."""
    found = []
    for shard in shards:
        found += [Facts(one.name, len(one.rows["days"]), *map(int, one.rows["days"][[0, -1]])) for one in shard]
    return sorted(found, key=lambda fact: fact.ticker)


def follow(shards, skipped, context, facts=None, votes=None, newest_day=None, health=None):
    """Run the steps over shards; the predictions of each, its future rows behind the others, and what was returned."""
    run = RUN | {"shards": len(shards)}
    data = {
        "tickers": sum(len(shard.tickers) for shard in shards),
        "votes": votes or {},
        "alike": {"ZZ": "its name is like zz; the same ticker twice?"},
        "newest_day": newest_day or max(int(shard.days.max(initial=0)) for shard in shards),
    }
    working.put_json(RUN, "data", data)
    for number, shard in enumerate(shards):
        known = facts or facts_of(shard, skipped)
        working.put_json(RUN, "merged", {"facts": [fact.stored() for fact in known], "corrected": {}}, number)
        skips = [{"ticker": name, "reason": "2 rows before the test period"} for name in skipped.tickers.tolist()]
        working.put_json(RUN, "scaled", {"skipped": skips, "health": health or {}}, number)
        working.put_arrays(RUN, "shards", shard.arrays(), number)
        working.put_arrays(RUN, "skipped", skipped.arrays(), number)
        baseline.handler({"run": run, "shard": number}, context)
        forecast.handler({"run": run, "shard": number, "endpoint_name": "e", "job_name": ""}, context)
    calibrate.handler({"run": run}, context)
    returned = [publish.handler({"run": run, "shard": number}, context) for number in range(len(shards))]
    return [predictions(number) for number in range(len(shards))], returned


def predictions(number):
    """A shard's test rows in the table, and its future rows, which wait for Summarize, in the table's order."""
    test = part("predictions", number, "test-")
    future = pq.read_table(io.BytesIO(working.get_parquet(RUN, "future", number)))
    assert set(test["split"].to_pylist()) <= {"test"}
    assert set(future["split"].to_pylist()) <= {"future"}
    return pa.concat_tables([test, future]).sort_by(
        [(name, "ascending") for name in ("ticker", "horizon", "origin_date")]
    )


def part(table, number, before=""):
    return pq.read_table(io.BytesIO(storage.get("lake", LAKE.format(table, f"{before}{number:05d}.parquet"))))


def pooled(shards):
    return metrics.pool(working.get_arrays(RUN, "scores", number) for number in range(shards))


def two_shards():
    a = made.shard({"A": walk(1, 300), "C": walk(2, 290)})
    return [a, made.shard({"B": walk(3, 300), "ENDED": walk(4, 180)})]
