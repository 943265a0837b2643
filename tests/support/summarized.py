"""A run as Publish leaves it to Summarize, and what Summarize wrote of it."""

import io
import json
import tarfile

import numpy as np
import pyarrow.parquet as pq

from common import storage
from stocks.dataset.retraining import ALWAYS
from tests.support import results
from tests.support.plans import OURS, run_of

RUN = run_of(shards=2)
AT = f"{{}}/dataset=us/run_id={RUN['run_id']}/{{}}"
MODEL = AT.format("models", "j/output/model.tar.gz")
EVENT = {
    "run": RUN,
    "execution_arn": OURS,
    "execution_started": "2026-11-23T03:40:00.123Z",
    "model_uri": f"s3://lake/{MODEL}",
    "train_seconds": 61,
    "endpoint_seconds": 200.5,
    "inference_digest": "",
}
EVIDENCE = results.facts().evidence
CUTS = {"validation_from": "2020-09-01", "decision_from": "2020-10-01", "test_from": "2020-12-30"}
DATA = {
    "rows": 950, "rejected_rows": 3, "tickers": 3, "cuts": CUTS, "table_hash": "ab" * 32, "previous": "",
    "newest_day": 18_700, "model": None, "model_reason": ALWAYS,
}  # fmt: skip
READING = results.READING | {"ticker_from": "file name"}


def model(name="evidence.json", gates=None):
    """A model.tar.gz with its evidence."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for member, text in (
            ("1/saved_model.pb", "graph"),
            (name, json.dumps(EVIDENCE | {"gates": gates or {"1": 0.25, "5": 0, "20": 0}})),
        ):
            info = tarfile.TarInfo(member)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return body.getvalue()


def told_of(shard, number):
    """What Publish tells of a shard's tickers."""
    short = f"NEW{1 - number}"
    status = dict.fromkeys(shard.tickers.tolist(), "forecast") | {short: "skipped"}
    left_out = [{"ticker": short, "reason": f"6{number} rows"}]
    nothing: dict[str, dict] = {"corrected": {}, "missed": {}, "noted": {}, "health": {}}
    return {"left_out": left_out, "status": status, "rescaled": [], **nothing}


def rows_of(shard):
    """The shard's rows as Merge leaves them."""
    ticker = np.repeat(np.arange(len(shard), dtype=np.int32), np.diff(shard.offsets))
    return {"tickers": shard.tickers, "ticker": ticker, "day": shard.days, "adjclose": shard.adjclose}


def read(table, name="00000.parquet"):
    return pq.read_table(io.BytesIO(storage.get("lake", AT.format(table, name)))).to_pylist()
