import dataclasses
import json

import numpy as np
import pytest

import check_data
import merge
from common import storage, working
from stocks import series
from stocks.dataset.plan import Model, Plan
from stocks.dataset.table import Facts
from stocks.reading.rejected import Unusable
from tests.support.folding import walked
from tests.support.memory_s3 import tag
from tests.support.plans import EXECUTION, SETTINGS, draw, lead, published, put_verdict, run_of, upload_rows

START = series.day_of("2024-01-01")


@pytest.fixture(autouse=True)
def cloud(s3):
    return s3


def given(*shards: dict[str, range], drawn: Plan | None = None, hashes=(), votes=(), months=None, changed=()) -> Plan:
    """Write what Merge leaves of shards: of each ticker the days it has."""
    drawn = drawn or draw(put_verdict(upload_rows()), shards=len(shards), trains="no model yet")
    lead(drawn)
    for number, tickers in enumerate(shards):
        days, counts = np.unique(np.concatenate([np.empty(0, int), *tickers.values()]), return_counts=True)
        facts = [Facts(name, len(own), own[0], own[-1]).stored() for name, own in tickers.items()]
        report = {
            "days": days.tolist(),
            "counts": counts.tolist(),
            "facts": facts,
            "long_on": [own[99] if len(own) >= 100 else None for own in tickers.values()],
            "months": [(months or {}).get(name, "") for name in tickers],
            "votes": votes[number] if votes else {},
            "hash": f"{hashes[number] if hashes else number:x}",
            "changed": [name for name in tickers if name in changed],
        }
        working.put_json(run_of(), "merged", report, number)
    return drawn


def days(count: int, first: int = 0) -> range:
    return range(START + first, START + first + count)


def run(context, shards: int = 2):
    return check_data.handler({"run": run_of(shards=shards)}, context)


def data():
    return working.get_json(run_of(), "data")


def test_the_table_of_all_shards_is_judged_as_one(context):
    given({"A": days(200), "LATE": days(90, 110)}, {"B": days(200)}, votes=({"XNYS": 2}, {"XNYS": 1, "XNAS": 1}))
    answer = run(context)
    assert answer == {
        "status": "train", "reason": "no model yet", "crawl": False, "rows": 490, "tickers": 2, "model_uri": ""
    }  # fmt: skip
    found = data()
    assert (found["rows"], found["tickers"], found["newest_day"]) == (490, 2, START + 199)
    assert found["votes"] == {"XNYS": 3, "XNAS": 1}


def test_tickers_of_two_shards_that_have_the_same_prices_are_named(context):
    same = "00000000000000aa00000000000000bb"
    given({"BRK-B": days(200), "X": days(200)}, {"BRK.B": days(200)}, months={"BRK-B": same, "BRK.B": same})
    run(context)
    assert data()["alike"] == {
        "BRK-B": "its prices are those of BRK.B; the same ticker twice?",
        "BRK.B": "its prices are those of BRK-B; the same ticker twice?",
    }


def test_cuts_are_those_of_the_days_of_all_shards(context):
    shards = [{"A": days(200), "LATE": days(90, 110)}, {"B": days(200)}]
    given(*shards)
    run(context)
    every = np.concatenate([own for shard in shards for own in shard.values()])
    assert data()["cuts"] == series.cuts(*np.unique(every, return_counts=True), 0.2)


def test_the_test_fraction_is_that_of_the_plans_settings(context, monkeypatch):
    monkeypatch.setenv("TEST_FRACTION", "0.9")
    drawn = draw(put_verdict(upload_rows()), settings=SETTINGS.__class__(0.4, 0.01))
    given({"A": days(200)}, drawn=drawn)
    run(context, 1)
    assert data()["cuts"]["test_from"] == series.iso(START + 120)


def test_rejected_rows_are_those_of_all_uploads_of_the_table(context):
    uploads = [put_verdict(upload_rows(), f"{bad}.csv", bad) for bad in (3, 4)]
    drawn = draw(*uploads)
    planned = [
        one.__class__(**{**vars(one), "rejected_rows": bad}) for one, bad in zip(drawn.uploads, (3, 4), strict=True)
    ]
    given({"A": days(200)}, drawn=draw(*uploads, uploads=tuple(planned)))
    run(context, 1)
    assert data()["rejected_rows"] == 7


def hash_of(stocks: dict, shards: int, context) -> str:
    """The table hash of a dataset whose one upload has four parts."""
    lead(draw(put_verdict(upload_rows(**stocks), bits=2), shards=shards))
    for shard in range(shards):
        merge.handler({"run": run_of(shards=shards), "shard": shard}, context)
    run(context, shards)
    return data()["table_hash"]


def test_the_table_hash_is_that_of_the_table_whatever_the_number_of_shards(context):
    names = ["AAPL", "600000.SS", "日経", "BRK-B", "EURUSD=X"]
    stocks = {name: walked(seed, 150).file(0, 150) for seed, name in enumerate(names)}
    (found,) = {hash_of(stocks, shards, context) for shards in (1, 2, 8, 64)}
    assert len(found) == 64
    stocks["日経"]["volume"][7] += 1
    assert hash_of(stocks, 8, context) != found


def test_the_table_hash_wraps_around(context):
    given({"A": days(200)}, {}, hashes=((1 << 256) - 1, 3))
    run(context)
    assert data()["table_hash"] == f"{2:064x}"


@pytest.mark.parametrize(
    ("shards", "reason"),
    [
        ([{"A": days(1)}, {}], "too few days: 1 with prices (2024-01-01 to 2024-01-01); a ticker needs 100"),
        (
            [{"F": days(120)}, {"B": days(110)}],
            "none of 2 tickers has 100 days before the test period (2024-04-02); the longest, 'F', has 120 in all",
        ),
    ],
)
def test_a_table_that_is_too_short_ends_the_run_with_the_reason_and_fails_nothing(context, shards, reason):
    given(*shards)
    answer = run(context)
    assert answer.pop("reason").startswith(reason)
    assert answer == {"status": "too_short", "crawl": False, "rows": 0, "tickers": 0, "model_uri": ""}


def test_a_ticker_counts_if_its_hundredth_day_is_before_the_test_period():
    def merged(*shards: tuple[int | None, ...]) -> check_data.Merged:
        whole = check_data.Merged()
        for number, hundredth in enumerate(shards):
            facts = [Facts(f"T{number}{at}", 100 + number).stored() for at in range(len(hundredth))]
            months = [""] * len(hundredth)
            empty = {"hash": "0", "days": [], "counts": [], "votes": {}, "changed": []}
            whole.add(empty | {"long_on": list(hundredth), "facts": facts, "months": months})
        return whole

    cut = series.iso(START)
    assert merged((START - 1, START, None), (), (START - 2,)).long_enough(cut) == 2
    with pytest.raises(Unusable, match=r"none of 3 tickers has 100 days .* the longest, 'T10', has 101"):
        merged((START,), (None, None)).long_enough(cut)


def newest(**changed) -> None:
    """The newest run, published of the same table."""
    before = draw(put_verdict(upload_rows()), execution=f"{EXECUTION}before")
    published(before, **{"term": 1, "table_hash": f"{1:064x}"} | changed)


def again(**changed) -> Plan:
    """A second run, whose table has the hash that `newest` has published."""
    drawn = draw(put_verdict(upload_rows()), shards=2, **{"term": 2, "newest": 1} | changed)
    return given({"A": days(200)}, {}, drawn=drawn)


def test_a_table_that_has_been_published_trains_nothing(context, cloud):
    again()
    newest()
    answer = run(context)
    assert (answer["status"], answer["rows"]) == ("unchanged", 0)
    assert answer["reason"] == "the table, the settings and the code are those of the newest run"
    assert not [key for _, key in cloud.objects if key.endswith("data.json")]


@pytest.mark.parametrize(
    ("published_with", "planned_with"),
    [
        ({"code": "older"}, {}),
        ({"settings": "others"}, {}),
        ({}, {"insist": True}),
        ({}, {"newest": 0}),
    ],
)
def test_other_code_or_settings_or_a_person_who_insists_train_the_same_table(context, published_with, planned_with):
    again(**planned_with)
    newest(**published_with)
    assert run(context)["status"] == "train"


def test_another_table_trains(context):
    again()
    newest(table_hash=f"{2:064x}")
    assert run(context)["status"] == "train"


@pytest.mark.parametrize("crawled", [0, 1])
def test_a_run_that_publishes_nothing_crawls_first_if_the_newest_runs_crawl_failed(context, crawled):
    drawn = again()
    newest()
    lead(drawn, crawled=crawled)
    assert run(context)["crawl"] is (crawled < 1)


def test_the_counts_are_metrics_of_the_dataset(context, capsys):
    given({"A": days(200), "LATE": days(90, 110)}, {"B": days(200)})
    run(context)
    metrics = next(line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line)
    assert {name: metrics[name] for name in ("Rows", "RejectedRows", "Tickers", "SkippedTickers")} == {
        "Rows": [490],
        "RejectedRows": [0],
        "Tickers": [2],
        "SkippedTickers": [1],
    }
    assert metrics["dataset"] == "us"


def test_running_it_again_gives_the_same(context):
    given({"A": days(200)}, {"B": days(200)})
    first = run(context), data()
    assert (run(context), data()) == first


KEY = "models/dataset=us/run_id=us-older/j/output/model.tar.gz"
HELD = Model("us-older", f"s3://lake/{KEY}", tag(b"model"), "made", START + 197, START + 150, 400)


@pytest.fixture
def held(monkeypatch):
    """A stack that trains after five sessions, and an earlier run's model in the lake."""
    monkeypatch.setenv("RETRAIN_AFTER_SESSIONS", "5")
    storage.put("lake", KEY, b"model")
    return HELD


def taking(model: Model, changed=(), sessions: int = 200) -> None:
    """A table of two tickers and so many sessions, whose plan names a model."""
    drawn = draw(put_verdict(upload_rows()), shards=2, model=model)
    given({"A": days(sessions)}, {"B": days(sessions)}, drawn=drawn, changed=changed)


def test_a_young_model_is_taken_and_named(context, held):
    taking(held)
    answer = run(context)
    assert (answer["status"], answer["model_uri"], answer["rows"]) == ("reuse", held.uri, 400)
    assert answer["reason"] == data()["model_reason"] == "the model of us-older is 2 sessions old"
    assert Model(**data()["model"]) == held


@pytest.mark.parametrize(
    ("other", "more", "reason"),
    [
        ({}, {"sessions": 203}, "the model of us-older is 5 sessions old"),
        ({"newest_day": START + 200}, {}, "the table ends earlier than when the model was trained"),
        ({"test_from": START + 161}, {}, "the test period begins among the days that the model learnt from"),
        ({"rows": 350}, {}, "the days of the model had 350 rows and have 396 now"),
        ({}, {"changed": ("B", "A")}, "prices that the model learnt from have changed: A, B"),
        ({"etag": tag(b"another")}, {}, "the file of the model of us-older is gone, or another one"),
        ({"uri": "s3://lake/models/gone"}, {}, "the file of the model of us-older is gone, or another one"),
        ({"uri": f"s3://lake/{KEY[:-3]}"}, {}, "the file of the model of us-older is gone, or another one"),
    ],
)
def test_a_model_that_does_not_fit_the_table_is_not_taken(context, held, other, more, reason):
    taking(dataclasses.replace(held, **other), **more)
    answer = run(context)
    assert (answer["status"], answer["model_uri"], answer["reason"]) == ("train", "", reason)
    assert (data()["model"], data()["model_reason"]) == (None, reason)
