"""Scenarios of the contract of datasets by number: which files are in the table, through all handlers.

tests/unit/dataset/ proves what is decided, on a model of S3; here Split, Gather, Merge and the others carry it out.
"""

import datetime
import io
import json
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import retire
import split
from common import cost, keys
from common.errors import RejectedFile
from stocks.dataset import plan
from stocks.dataset.plan import Plan
from tests.support import csv_files, pipeline
from tests.support.lambda_environment import CONTEXT

ROWS, LAST = 200, 5  # days of the history, and of it those that a later file has, too
GET, OTHER_REQUEST = 0.0004 / 1000, 0.005 / 1000  # S3's prices of a request in us-east-1
TABLES = ("predictions", "metrics", "prices", "tickers")
WHOLE = pd.concat([csv_files.bars(name, seed, ROWS + 20) for seed, name in enumerate(("A", "BB"))])
DAYS = sorted(WHOLE["date"].unique())
HISTORY = csv_files.csv(WHOLE[WHOLE["date"] < DAYS[ROWS]])


def days(first: int, end: int, factor: float = 1.0) -> bytes:
    """A file of some days, by their number after the history, with other prices by a factor."""
    own = WHOLE[WHOLE["date"].isin(DAYS[ROWS + first : ROWS + end])].copy()
    own[csv_files.prices.PRICES] *= factor
    return csv_files.csv(own)


@pytest.fixture
def cloud():
    with pipeline.cloud(model=pipeline.stand_in) as made:
        yield made


def names(ran: pipeline.Ran) -> list[str]:
    """The files that the run was made of."""
    return [one.key.rpartition("/")[2] for one in Plan.from_json(ran.files["plans/plan.json"]).uploads]


def last_days(ran: pipeline.Ran) -> list[str]:
    """Of each ticker, in their order."""
    return ran.table("prices").groupby("ticker")["date"].max().astype(str).tolist()


def files_table(cloud: pipeline.Cloud) -> dict[str, dict]:
    """The rows of the table of files by the files' names."""
    bodies = [body for (bucket, key), body in cloud.s3.objects.items() if bucket == "lake" and key.startswith("files/")]
    rows = [pq.read_table(io.BytesIO(body)).to_pylist()[0] for body in bodies]
    return {row["source_key"].rpartition("/")[2]: row for row in rows}


def assert_equal(found: pipeline.Ran, expected: pipeline.Ran) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(found.table(name), expected.table(name), check_exact=True, obj=name)


def test_19_a_multipart_upload_that_ends_late_stands_where_it_began_and_the_base_is_an_older_run(cloud):
    hour = datetime.timedelta(hours=1)
    first = cloud.send(HISTORY, "first.csv")
    cloud.s3.now += 2 * hour
    cloud.send(days(0, 1), "put.csv")
    cloud.s3.now -= hour  # S3 dates it from its beginning, and it has another price for the same day
    execution = cloud.drop(days(0, 2, 1.01), "multipart.csv")
    cloud.s3.now += 2 * hour
    late = cloud.go_on(execution)
    assert names(late) == ["first.csv", "multipart.csv", "put.csv"]
    assert late.table("runs")["base_run"].tolist() == [Plan.from_json(first.files["plans/plan.json"]).run_id]
    put, other = late.table("prices").query("ticker == 'A'")["adjclose"].tolist()[-2:]
    given = WHOLE["adjclose"].tolist()[ROWS : ROWS + 2]
    assert (put, other) == (given[0], pytest.approx(1.01 * given[1]))


def test_39_a_table_that_retire_has_deleted_is_no_base_once_runs_are_kept_longer(cloud, monkeypatch):
    first = cloud.send(HISTORY, "first.csv")
    cloud.send(days(0, 2), "second.csv")
    cloud.s3.now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=5)
    monkeypatch.setattr(retire, "forget_partition", lambda *_: None)
    with monkeypatch.context() as before:
        before.setenv("RUN_RETENTION_DAYS", "3")
        assert len(retire.handler({}, CONTEXT)["retired"]) == 1
    cloud.put_settings(exclude=["second.csv"])
    ran = cloud.nudge()
    assert ran.table("runs")["base_run"].tolist() == [""]
    pd.testing.assert_frame_equal(ran.table("prices"), first.table("prices"), check_exact=True)


def test_20_of_two_versions_of_a_key_in_one_second_the_later_sequencer_stands(cloud):
    first = cloud.drop(HISTORY, "history.csv")
    for sequencer, factor in (("0B", 1.1), ("0A", 1.3)):  # their events come in the other order
        body, key = days(0, 1, factor), "incoming/daily/day.csv"
        version = cloud.s3.put_object(Bucket="incoming", Key=key, Body=body)["VersionId"]
        event: Any = {"bucket": "incoming", "key": key, "version_id": version, "sequencer": sequencer}
        split.handler(event | {"execution_arn": f"{pipeline.EXECUTION}{sequencer}"}, CONTEXT)
    ran = cloud.go_on(first)
    assert ran.table("prices").query("ticker == 'A'")["adjclose"].tolist()[-1] == pytest.approx(
        1.1 * WHOLE["adjclose"].tolist()[ROWS]
    )


def test_24_two_files_of_equal_bytes_are_two_tickers(cloud):
    body = csv_files.csv(WHOLE[WHOLE["ticker"] == "A"].drop(columns="ticker"))
    first = cloud.drop(body, "AAPL.csv")
    cloud.drop(body, "MSFT.csv")
    prices = cloud.go_on(first).table("prices")
    one, other = (prices[prices["ticker"] == name]["adjclose"].tolist() for name in ("AAPL", "MSFT"))
    assert one == other == WHOLE["adjclose"].tolist()[: ROWS + 20]


def test_25_a_rejected_file_between_two_accepted_ones_changes_nothing_and_stands_in_the_table_of_files(cloud):
    first = cloud.drop(HISTORY, "a.csv")
    with pytest.raises(RejectedFile):
        cloud.drop(b"date,price of tea\n2020-01-01,5\n", "bad.csv")
    cloud.drop(days(0, 2), "b.csv")
    ran = cloud.go_on(first)
    assert names(ran) == ["a.csv", "b.csv"]
    assert last_days(ran) == [DAYS[ROWS + 1]] * 2
    assert {name: row["verdict"] for name, row in files_table(cloud).items()} == {
        "a.csv": "accepted", "bad.csv": "rejected", "b.csv": "accepted"
    }  # fmt: skip


def test_26_a_first_file_that_is_rejected_is_in_the_table_of_files_and_nobody_leads(cloud):
    with pytest.raises(RejectedFile):
        cloud.drop(b"", "a.csv")
    (row,) = files_table(cloud).values()
    assert (row["verdict"], row["rows"]) == ("rejected", 0)
    assert row["reason"]
    assert ("lake", keys.lease("daily")) not in cloud.s3.objects


def test_27_a_file_that_contradicts_itself_is_rejected_by_split_and_in_no_plan(cloud):
    with pytest.raises(RejectedFile, match="contradict an earlier row"):
        cloud.drop(days(0, 5) + days(3, 5, 1.2).partition(b"\n")[2], "both.csv")
    assert names(cloud.send(HISTORY, "history.csv")) == ["history.csv"]
    assert files_table(cloud)["both.csv"]["verdict"] == "rejected"


@pytest.mark.parametrize("based", [True, False])
def test_28_the_rows_of_a_deleted_file_stay(cloud, monkeypatch, based):
    cloud.send(HISTORY, "history.csv")
    cloud.s3.objects.pop(("incoming", "incoming/daily/history.csv"))
    cloud.s3.versions.pop(("incoming", "incoming/daily/history.csv"))
    if not based:
        monkeypatch.setattr(plan, "base", lambda *_: None)
    ran = cloud.send(days(0, 1), "day.csv")
    assert (ran.table("runs")["base_run"][0] != "") == based
    assert len(ran.table("prices")) == 2 * (ROWS + 1)


def test_29_an_excluded_file_leaves_the_table_and_comes_back_as_before_to_the_last_bit(cloud):
    cloud.send(HISTORY, "history.csv")
    cloud.send(days(-LAST, 1, 0.5), "split.csv")  # it halves the prices before, which has to be undone
    before = cloud.send(days(1, 2, 0.5), "day.csv")
    cloud.put_settings(exclude=["split.csv"])
    without = cloud.nudge()
    assert names(without) == ["history.csv", "day.csv"]
    prices = without.table("prices").query("ticker == 'A'")["adjclose"].tolist()
    assert prices[:ROWS] == WHOLE["adjclose"].tolist()[:ROWS]
    cloud.put_settings()
    again = cloud.nudge()
    assert_equal(again, before)
    assert again.table("runs")["new_files"][0].tolist() == []


def test_30_replace_leaves_the_last_file_only_and_append_brings_back_all(cloud):
    for number, body in enumerate((HISTORY, days(0, 1), days(1, 2))):
        cloud.send(body, f"{number}.csv")
    cloud.put_settings(mode="replace")
    other = csv_files.csv(csv_files.bars("OTHER", 9, ROWS))
    replaced = cloud.send(other, "3.csv")
    assert (names(replaced), replaced.table("tickers")["ticker"].tolist()) == (["3.csv"], ["OTHER"])
    cloud.put_settings(mode="append")
    appended = cloud.nudge()
    assert names(appended) == ["0.csv", "1.csv", "2.csv", "3.csv"]
    assert appended.table("tickers")["ticker"].tolist() == ["A", "BB", "OTHER"]


def test_31_settings_that_change_during_a_run_are_those_of_its_successor(cloud):
    def during(run):
        cloud.put_settings(test_fraction=0.4)
        return pipeline.stand_in(run)

    cloud.model = during
    ran = cloud.send(HISTORY, "history.csv")
    (successor,) = cloud.successors
    cloud.model = pipeline.stand_in
    second = cloud.go_on(f"{pipeline.EXECUTION}{successor}")
    fractions = [json.loads(one.table("runs")["parameters"][0])["test_fraction"] for one in (ran, second)]
    assert fractions == [0.2, 0.4]
    assert ran.table("runs")["settings"][0] == ""
    assert second.table("runs")["settings"][0] != ""
    cuts = [one.json("data.json")["cuts"]["test_from"] for one in (ran, second)]
    assert cuts[1] < cuts[0]


def test_35_two_spellings_of_a_folder_are_one_dataset(cloud):
    first = cloud.drop(HISTORY, key="incoming/DAILY/history.csv")
    cloud.drop(days(0, 1), key="incoming/daily/day.csv")
    ran = cloud.go_on(first)
    assert names(ran) == ["history.csv", "day.csv"]
    assert last_days(ran) == [DAYS[ROWS]] * 2
    cloud.put_settings("DAILY", exclude=["day.csv"])
    assert names(cloud.nudge()) == ["history.csv"]


def cost_of(calls: list[tuple[str, str]]) -> float:
    """US dollars of a run: its requests to S3, and five minutes of either instance."""
    requests = sum(GET if name in ("get_object", "head_object") else OTHER_REQUEST for name, _ in calls)
    instances = cost.estimate(300, "ml.m5.large", 300, "ml.m5.large")
    assert instances
    return requests + instances


@pytest.mark.parametrize("count", [10, pytest.param(250, marks=(pytest.mark.thorough, pytest.mark.timeout(3600)))])
def test_36_daily_files_folded_one_by_one_and_from_nothing_are_equal_in_bits_at_the_cost_of_the_first(count):
    whole = pd.concat([csv_files.bars(name, seed, ROWS + count) for seed, name in enumerate(("A", "BB"))])
    dates = sorted(whole["date"].unique())

    def file(at: int) -> bytes:
        """The last days up to one; from the middle on BB is split 2:1."""
        own = whole[whole["date"].isin(dates[at - LAST : at + 1])].copy()
        if at >= ROWS + count // 2:
            own.loc[own["ticker"] == "BB", csv_files.prices.PRICES] /= 2
        return csv_files.csv(own)

    files = {"history.csv": csv_files.csv(whole[whole["date"] < dates[ROWS]])}
    files |= {f"{dates[at]}.csv": file(at) for at in range(ROWS, ROWS + count)}
    with pipeline.cloud(model=pipeline.stand_in) as cloud:
        costs = []
        for name, body in files.items():
            cloud.s3.calls.clear()
            last = cloud.send(body, name)
            costs.append(cost_of(cloud.s3.calls))
    with pipeline.cloud(model=pipeline.stand_in) as cloud:
        first, *_ = [cloud.drop(body, name) for name, body in files.items()]
        at_once = cloud.go_on(first)
    assert (last.table("runs")["base_run"][0] != "", at_once.table("runs")["base_run"][0]) == (True, "")
    assert [entry["ratio"] for entry in last.table("tickers")["rescaled"][1]] == [0.5]
    assert_equal(last, at_once)
    growth = (costs[-1] - costs[0]) / count
    assert costs[0] + 250 * growth <= 1.5 * costs[0]


def test_38_a_dataset_of_few_tickers_then_of_many_then_replaced_by_few_again():
    few = csv_files.csv(*(csv_files.bars(name, seed, 130) for seed, name in enumerate("AB")))
    many = csv_files.csv(*(csv_files.bars(f"T{number:02d}", number, 130) for number in range(40)))
    with pipeline.cloud(kilobytes=17, model=pipeline.stand_in) as cloud:
        ran = [cloud.send(few, "few.csv"), cloud.send(many, "many.csv")]
        cloud.put_settings(mode="replace")
        ran.append(cloud.send(few, "again.csv"))
    assert [one.shards for one in ran] == [1, 32, 1]
    empty = [shard for shard in range(32) if not len(ran[1].arrays(f"rows/{shard:05d}.npz")["day"])]
    assert empty
    assert len(ran[1].table("tickers").query("status == 'forecast'")) == 42
    assert_equal(ran[2], ran[0])


def test_29_without_its_only_file_a_dataset_is_empty_and_with_it_as_before(cloud):
    cloud.send(HISTORY, "history.csv")
    cloud.put_settings(exclude=["history.csv"])
    with pytest.raises(pipeline.Ended, match="empty"):
        cloud.nudge()
    cloud.put_settings()
    with pytest.raises(pipeline.Ended, match="current"):
        cloud.nudge()
