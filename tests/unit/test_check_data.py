import json

import pytest

import check_data
from common import working
from common.errors import RejectedFile

RUN: dict = {"run_id": "daily-0123456789ab", "dataset": "daily", "shards": 2}
SOURCE = {"bucket": "incoming", "key": "incoming/daily/prices.csv", "version_id": "1"}


@pytest.fixture
def given(buckets):
    """Write the counts that Split and the two Scales leave."""

    def write(rows=1000, rejected=0, shards=((0, 1, []), (0, 2, []))):
        manifest = {"source": SOURCE, "rows": rows, "rejected_rows": rejected, "cuts": {"test_from": "2024-05-01"}}
        working.put_json(RUN, "manifest", manifest)
        for number, (bad, tickers, skipped) in enumerate(shards):
            named = [{"ticker": ticker, "rows": ord(ticker), "reason": "3 rows"} for ticker in skipped]
            scaled = {"rows": 9, "rejected_rows": bad, "tickers": tickers, "skipped": named}
            working.put_json(RUN, "scaled", scaled, number)

    return write


def run(context):
    return check_data.handler({"run": RUN}, context)


def test_the_counts_of_all_shards_are_summed(given, context):
    given(rejected=3, shards=((2, 1, ["Z"]), (1, 2, ["Y", "X"])))
    assert run(context) == {"rows": 1000, "rejected_rows": 6, "tickers": 3, "skipped": 3}


def test_data_json_names_the_skipped_tickers(given, context):
    given(shards=((0, 1, ["Z"]), (0, 0, ["Y"])))
    run(context)
    assert working.get_json(RUN, "data") == {
        "rows": 1000,
        "rejected_rows": 0,
        "tickers": 1,
        "skipped": [
            {"ticker": "Y", "rows": 89, "reason": "3 rows"},
            {"ticker": "Z", "rows": 90, "reason": "3 rows"},
        ],
    }


def test_bad_rows_at_the_tolerance_are_accepted(given, context):
    given(rejected=6, shards=((4, 1, []), (0, 1, [])))
    assert run(context)["rejected_rows"] == 10


def test_bad_rows_of_both_steps_together_reject_the_file(given, context):
    given(rejected=6, shards=((4, 1, []), (1, 1, [])))
    with pytest.raises(RejectedFile) as refused:
        run(context)
    assert str(refused.value) == (
        "11 of 1,000 rows cannot be used, 1.00% may be bad; most contradict an earlier row of their ticker and day; "
        "keep one row of each: s3://incoming/incoming/daily/prices.csv"
    )


def test_a_file_without_a_usable_ticker_is_rejected_by_its_longest(given, context):
    given(shards=((0, 0, list("FEDC")), (0, 0, list("BA"))))
    with pytest.raises(RejectedFile) as refused:
        run(context)
    assert str(refused.value) == (
        "none of 6 tickers has enough days: the longest, 'F', has 70 days before the test period (2024-05-01), 100 are "
        "needed; upload more history: s3://incoming/incoming/daily/prices.csv"
    )


def test_the_counts_are_metrics_of_the_dataset(given, context, capsys):
    given(rejected=3, shards=((2, 1, ["Z"]), (1, 2, [])))
    run(context)
    metrics = next(line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line)
    assert {name: metrics[name] for name in ("Rows", "RejectedRows", "Tickers", "SkippedTickers")} == {
        "Rows": [1000],
        "RejectedRows": [6],
        "Tickers": [3],
        "SkippedTickers": [1],
    }
    assert metrics["dataset"] == "daily"


def test_running_it_again_gives_the_same(given, context):
    given(shards=((0, 1, ["Z"]), (0, 1, [])))
    assert run(context) == run(context)
