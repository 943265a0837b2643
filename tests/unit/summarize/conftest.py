"""The buckets of Summarize's tests."""

import dataclasses

import pytest

from common import keys, storage, working
from stocks import schemas
from tests.support import folding, results
from tests.support.plans import EXECUTION, draw, lead, put_verdict, upload_rows
from tests.support.summarized import DATA, MODEL, READING, RUN, model, rows_of, told_of


@pytest.fixture
def run(s3):
    """The buckets as Publish leaves them."""
    rows = upload_rows(KO=folding.walked(1, 10).file(0, 10))
    uploads = [put_verdict(rows, name, second) for second, name in enumerate(("old.csv", "KO.csv"))]
    for upload in uploads:
        read = dataclasses.replace(upload, reading=READING, rejected_rows=1)
        storage.put("lake", keys.verdict("us", upload.upload.id), read.to_json())
    base = draw(uploads[0], execution=f"{EXECUTION}before")
    new = (uploads[1].upload.id,)
    lead(draw(*uploads, base=base, shards=2, new_files=new, missing=("incoming/us/late.csv",), earlier=("gone",)))
    working.put_json(RUN, "data", DATA)
    storage.put("lake", MODEL, model())
    for number, shard in enumerate(results.shards()):
        rows = results.rows(shard, forecast=1.0)
        ahead = {name: column[rows["future"]] for name, column in rows.items()}
        working.put_parquet(RUN, "future", schemas.predictions(ahead, shard.tickers), number)
        working.put_arrays(RUN, "scores", results.scores(shard, forecast=1.0), number)
        drawings = {"charts": results.drawn(shard, 3, forecast=1.0), "glances": results.glances(shard, forecast=1.0)}
        working.put_json(RUN, "charts", drawings, number)
        working.put_json(RUN, "tickers", told_of(shard, number), number)
        working.put_arrays(RUN, "rows", rows_of(shard), number)
    return s3
