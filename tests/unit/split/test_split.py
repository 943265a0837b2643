"""Files that Split takes in: their parts, their verdict and their row in the table of files."""

import datetime
import gzip

import numpy as np
import pytest

import split
from stocks.contract import COLUMNS
from stocks.dataset import parts, plan, sizes, uploads
from stocks.series import day_of
from tests.support.split_runs import DAYS, GOOD, OURS, all_rows, file_row, listed, names, part, verdict

READING = {
    "encoding": "UTF-8",
    "separator": ",",
    "layout": "long",
    "order": "year",
    "decimal": "point",
    "columns": {"ticker": "ticker", "date": "date", "adjclose": "adjclose"},
    "ignored": [],
    "ticker_from": "column",
    "notes": [],
}


def test_a_good_file_is_accepted_under_its_datasets_name(drop, context):
    run = {"run_id": plan.run_id("daily", OURS), "dataset": "daily"}
    assert split.handler(drop(), context) == {"status": "accepted", "reason": ""} | run


def test_the_verdict_says_what_the_file_is_and_how_it_was_read(drop, context, buckets):
    event = drop(GOOD + "A,2021-01-01,-1\n")
    split.handler(event, context)
    judged = verdict(event)
    head = buckets.head_object(Bucket=event["bucket"], Key=event["key"], VersionId=event["version_id"])
    source = event["bucket"], event["key"], event["version_id"]
    assert judged.upload == uploads.Upload(*source, head["LastModified"], "0055")
    assert judged == uploads.Verdict(
        upload=judged.upload,
        execution=OURS,
        settings="",
        accepted=True,
        folder=uploads.folder(judged.upload, OURS),
        bits=0,
        rows=400,
        rejected_rows=1,
        tickers=2,
        first_day=DAYS[0],
        last_day=DAYS[-1],
        reading=READING,
    )


def test_the_table_of_files_has_its_row(drop, context):
    event = drop(GOOD.replace("adjclose", "adjclose,Dividends").replace(",10\n", ",10,0\n"))
    split.handler(event, context)
    assert file_row(event) == {
        "dataset": "daily",
        "upload": verdict(event).upload.id,
        "source_key": event["key"],
        "source_version": event["version_id"],
        "uploaded": verdict(event).upload.modified.replace(tzinfo=None),
        "verdict": "accepted",
        "reason": "",
        "rows": 400,
        "rejected_rows": 0,
        "tickers": 2,
        "first_day": datetime.date(2020, 1, 1),
        "last_day": datetime.date.fromisoformat(DAYS[-1]),
        "columns": ["date", "ticker", "adjclose"],
        "ignored": ["Dividends"],
        "settings": "",
    }


def test_rows_are_sorted_by_ticker_and_day_in_the_contracts_dtypes(drop, context):
    lines = [f"{ticker},{day},{price}\n" for day in reversed(DAYS) for ticker, price in (("B", 2), ("A", 1))]
    event = drop("ticker,date,close\n" + "".join(lines))
    split.handler(event, context)
    rows = part(event)
    assert rows["tickers"].tolist() == ["A", "B"]
    assert rows["ticker"].tolist() == [0] * 200 + [1] * 200
    assert rows["day"].tolist() == [day_of(day) for day in DAYS] * 2
    assert rows["adjclose"].tolist() == rows["close"].tolist() == [1] * 200 + [2] * 200
    types = {name: rows[name].dtype for name in rows if name != "tickers"}
    assert types == {"ticker": np.int32, "day": np.int32, "filled": bool} | dict.fromkeys(COLUMNS, np.float64)


@pytest.mark.parametrize(
    ("header", "filled"),
    [
        ("ticker,date,close,x", [True, True]),
        ("ticker,date,close,adjclose", [False, False]),
        ("date,AAPL.Close,AAPL.Adjusted,MSFT.Close", [False, True]),
    ],
)
def test_a_part_says_of_which_tickers_adjclose_is_filled_from_close(drop, context, header, filled):
    line = "A,{day},1,1\nB,{day},1,1\n" if header.startswith("ticker") else "{day},1,1,1\n"
    event = drop(f"{header}\n" + "".join(line.format(day=day) for day in DAYS))
    split.handler(event, context)
    assert part(event)["filled"].tolist() == filled


@pytest.mark.parametrize(("part_rows", "bits"), [(400, 5), pytest.param(100, 7, marks=pytest.mark.thorough)])
def test_every_row_of_a_ticker_is_in_the_part_of_its_checksum(drop, context, monkeypatch, part_rows, bits):
    monkeypatch.setattr(sizes, "PART_ROWS", part_rows)
    tickers = [f"T{number}" for number in range(50)]
    event = drop("ticker,date,close\n" + "".join(f"{ticker},{day},3\n" for day in DAYS for ticker in tickers))
    split.handler(event, context)
    assert verdict(event).bits == bits
    assert len([name for name in names("lake") if name.startswith(verdict(event).folder)]) == 1 << bits
    for number in range(1 << bits):
        assert set(parts.numbers(part(event, number)["tickers"], bits).tolist()) <= {number}
    every = list(all_rows(event))
    assert len(every) == len(set(every)) == 10_000
    assert (verdict(event).rows, verdict(event).tickers) == (10_000, 50)


def test_the_number_of_parts_follows_from_the_rows(drop, context, monkeypatch):
    monkeypatch.setattr(sizes, "PART_ROWS", 399)
    event = drop()
    split.handler(event, context)
    assert verdict(event).bits == 1
    assert len(list(all_rows(event))) == 400


def test_of_rows_of_a_day_the_first_stands_an_equal_one_vanishes_and_another_is_rejected(drop, context):
    event = drop(GOOD + f"A,{DAYS[3]},10\nB,{DAYS[4]},99\n")
    split.handler(event, context)
    assert {price for _, _, price in all_rows(event)} == {10}
    assert (verdict(event).rows, verdict(event).rejected_rows) == (400, 1)
    reason = "line 206 has the same ticker and date with other values"
    assert listed(event) == ["line,reason,row", f'403,{reason},"B,{DAYS[4]},99,0,0,0,0,0"']


def test_few_days_are_accepted_since_a_dataset_is_judged_as_a_whole(drop, context):
    event = drop("date,close\n2024-01-02,1\n", "incoming/daily/KO.csv")
    split.handler(event, context)
    assert list(all_rows(event)) == [("KO", day_of("2024-01-02"), 1.0)]
    assert (verdict(event).first_day, verdict(event).last_day) == ("2024-01-02", "2024-01-02")


def test_a_gzipped_file_is_read(drop, context):
    event = drop(gzip.compress(GOOD.encode()), "incoming/daily/prices.CSV.GZ")
    split.handler(event, context)
    assert verdict(event).rows == 400


def test_the_version_of_the_event_is_read_not_the_newest(drop, context):
    event = drop()
    drop(GOOD.replace(",10\n", ",99\n"))
    split.handler(event, context)
    assert {price for _, _, price in all_rows(event)} == {10}
