"""Files that Split takes in: their rows, shards and manifest."""

import datetime
import gzip
import io

import boto3
import numpy as np
import pytest

import split
from common import working
from common.errors import RejectedFile
from stocks.contract import COLUMNS
from stocks.reading import intake
from stocks.reading.source import Source
from tests.support.split_runs import DAYS, GOOD, all_rows, manifest, run_of


def test_a_good_file_is_accepted_under_its_datasets_name(drop, context):
    event = drop()
    answer = {"status": "accepted", "reason": "", "shards": 1, "summary": {}}
    assert split.handler(event, context) == run_of(event) | answer


def test_the_manifest_holds_source_counts_and_cuts(drop, context):
    event = drop()
    run = split.handler(event, context)
    written = manifest(run)
    assert datetime.datetime.fromisoformat(written.pop("started")).tzinfo
    head = boto3.client("s3").head_object(Bucket=event["bucket"], Key=event["key"], VersionId=event["version_id"])
    assert datetime.datetime.fromisoformat(written.pop("uploaded")) == head["LastModified"]
    assert written.pop("reading") == {
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
    assert written == {
        "dataset": "daily",
        "source": {name: event[name] for name in ("bucket", "key", "version_id")},
        "shards": 1,
        "rows": 400,
        "rejected_rows": 0,
        "cuts": {"validation_from": DAYS[112], "decision_from": DAYS[128], "test_from": DAYS[160]},
    }


def test_cuts_do_not_depend_on_prices(drop, context):
    one = split.handler(drop(), context)
    other = split.handler(drop(GOOD.replace(",10\n", ",1000\n")), context)
    assert manifest(one)["cuts"] == manifest(other)["cuts"]


def test_rows_keep_the_files_order_and_the_contracts_dtypes(drop, context):
    lines = [f"{ticker},{day},{price}\n" for day in DAYS for ticker, price in (("B", 2), ("A", 1))]
    run = split.handler(drop("ticker,date,close\n" + "".join(lines)), context)
    rows = working.get_arrays(run, "rows", 0)
    assert rows["tickers"].tolist() == ["A", "B"]
    assert rows["ticker"].tolist() == [1, 0] * 200
    assert rows["line"].tolist() == list(range(2, 402))
    assert rows["adjclose"].tolist() == rows["close"].tolist() == [2, 1] * 200
    kinds = {name: rows[name].dtype for name in rows if name != "tickers"}
    assert kinds == {"ticker": np.int32, "line": np.int64, "day": np.int32} | dict.fromkeys(COLUMNS, np.float64)


def test_every_row_of_a_ticker_is_in_the_shard_of_its_checksum(drop, context, monkeypatch):
    monkeypatch.setenv("SHARD_KILOBYTES", "1")
    tickers = [f"T{number}" for number in range(50)]
    lines = [f"{ticker},{day},3\n" for day in DAYS for ticker in tickers]
    run = split.handler(drop("ticker,date,close\n" + "".join(lines)), context)
    assert run["shards"] == 128
    for shard in range(128):
        rows = working.get_arrays(run, "rows", shard)
        assert {intake.crc32(ticker.encode()) % 128 for ticker in rows["tickers"].tolist()} <= {shard}
    assert sorted(line for _, line, _ in all_rows(run)) == list(range(2, 10_002))


@pytest.mark.parametrize(
    ("size", "name", "shards"),
    [(0, "a.csv", 1), (1024, "a.csv", 1), (1025, "a.csv", 2), (1024, "a.csv.gz", 4), (10**9, "a.csv", 128)],
)
def test_the_shard_count_follows_from_the_size(size, name, shards):
    assert intake.shard_count(Source(name, size, io.BytesIO), shard_kilobytes=1) == shards


def test_a_gzipped_file_is_read(drop, context):
    run = split.handler(drop(gzip.compress(GOOD.encode()), "incoming/daily/prices.CSV.GZ"), context)
    assert manifest(run)["rows"] == 400


def test_the_version_of_the_event_is_read_not_the_newest(drop, context):
    event = drop()
    drop(GOOD.replace(",10\n", ",99\n"))
    assert {price for _, _, price in all_rows(split.handler(event, context))} == {10}


def test_a_version_deleted_meanwhile_is_rejected(drop, context, buckets):
    event = drop()
    buckets.delete_object(Bucket="incoming", Key=event["key"], VersionId=event["version_id"])
    with pytest.raises(RejectedFile, match="was deleted before it was read; upload it again"):
        split.handler(event, context)
