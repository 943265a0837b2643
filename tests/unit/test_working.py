import threading

import boto3
import botocore.stub
import numpy as np
import pytest
from botocore.exceptions import ClientError

from common import aws, keys, storage, working
from tests.support import memory_s3

RUN: dict = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 3}
OTHER: dict = {"run_id": "us-ba9876543210", "dataset": "us", "shards": 3}


@pytest.fixture(autouse=True)
def written(monkeypatch):
    monkeypatch.setattr(aws, "client", {"s3": memory_s3.S3()}.__getitem__)
    for run in (RUN, OTHER):
        for shard in range(3):
            for kind in ("shards", "skipped"):
                working.put_arrays(run, kind, {"days": np.arange(shard)}, shard)
            working.put_json(run, "scaled", {"rows": shard}, shard)
        working.put_arrays(run, "calibration", {"day": np.arange(2)})
        working.put_json(run, "manifest", {"rows": 5})


def copy(source, target):
    storage.put("work", target, storage.get("work", source))


def test_what_was_written_is_read_without_its_label():
    assert {name: array.tolist() for name, array in working.get_arrays(RUN, "shards", 2).items()} == {"days": [0, 1]}
    assert working.get_arrays(RUN, "calibration")["day"].tolist() == [0, 1]
    assert working.get_json(RUN, "scaled", 1) == {"rows": 1}
    assert working.get_json(RUN, "manifest") == {"rows": 5}


def big(rows: int) -> dict[str, np.ndarray]:
    """Columns as of `rows`, each longer than what is fetched along, with a small one at either end."""
    drawn = np.random.default_rng(1)
    columns = {name: drawn.random(rows) for name in ("adjclose", "open", "high", "close")}
    return {"tickers": np.array(["A", "BB"]), **columns, "bounds": np.arange(8).reshape(2, 4)}


@pytest.mark.parametrize("rows", [0, 1, 7_000, 9_000, 40_000])
@pytest.mark.parametrize(
    "names",
    [
        ("tickers",),
        ("bounds",),
        ("adjclose", "tickers"),
        ("open", "close"),
        ("close",),
        ("tickers", "adjclose", "bounds"),
    ],
)
def test_some_arrays_of_a_file_are_those_of_the_whole(rows, names):
    working.put_arrays(RUN, "rows", big(rows), 0)
    found = working.get_some(RUN, "rows", 0, names)
    assert list(found) == list(names)
    for name in names:
        assert found[name].dtype == big(rows)[name].dtype
        assert np.array_equal(found[name], big(rows)[name])


def test_what_is_not_asked_for_is_not_fetched(monkeypatch):
    working.put_arrays(RUN, "rows", big(40_000), 0)
    whole, fetched, get = len(storage.get("work", keys.shard(RUN["run_id"], "rows", 0))), [], aws.s3().get_object

    def counted(**asked):
        answer = get(**asked)
        fetched.append(len(answer["Body"].getvalue()))
        return answer

    monkeypatch.setattr(aws.s3(), "get_object", counted)
    working.get_some(RUN, "rows", 0, ("tickers", "adjclose"))
    assert len(fetched) == 2
    assert sum(fetched) < 40_000 * 8 + (66 << 10) < whole / 3


def test_some_arrays_of_another_shard_are_refused():
    working.put_arrays(RUN, "rows", big(9_000), 0)
    copy(keys.shard(RUN["run_id"], "rows", 0), keys.shard(RUN["run_id"], "rows", 1))
    with pytest.raises(ValueError, match=r"rows/00001\.npz says run_id us-0123456789ab, kind rows, shard 0;"):
        working.get_some(RUN, "rows", 1, ("adjclose",))


def test_an_array_that_the_file_lacks_is_an_error():
    working.put_arrays(RUN, "rows", big(1), 0)
    with pytest.raises(KeyError, match="volume"):
        working.get_some(RUN, "rows", 0, ("volume",))


def test_shards_come_in_order_however_many_are_read_at_once(monkeypatch):
    monkeypatch.setattr(aws, "CONNECTIONS", 3)
    many: dict = RUN | {"shards": 11}
    slow = threading.Event()

    def read(number):
        if number == 4:
            slow.set()
        elif number == 3:
            assert slow.wait(10), "it waits for one that is read beside it"
        return number

    assert list(working.of_shards(many, read)) == list(range(11))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (keys.shard(RUN["run_id"], "shards", 2), "run_id us-0123456789ab, kind shards, shard 2"),
        (keys.shard(RUN["run_id"], "skipped", 1), "run_id us-0123456789ab, kind skipped, shard 1"),
        (keys.shard(OTHER["run_id"], "shards", 1), "run_id us-ba9876543210, kind shards, shard 1"),
        (keys.work(RUN["run_id"], "calibration.npz"), "run_id us-0123456789ab, kind calibration"),
    ],
)
def test_arrays_of_another_shard_kind_or_run_are_refused(source, said):
    copy(source, keys.shard(RUN["run_id"], "shards", 1))
    with pytest.raises(ValueError, match=rf"runs/us-0123456789ab/shards/00001\.npz says {said};"):
        working.get_arrays(RUN, "shards", 1)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (keys.shard(RUN["run_id"], "scaled", 2, "json"), "run_id us-0123456789ab, kind scaled, shard 2"),
        (keys.work(OTHER["run_id"], "manifest.json"), "run_id us-ba9876543210, kind manifest"),
    ],
)
def test_json_of_another_shard_kind_or_run_is_refused(source, said):
    copy(source, keys.shard(RUN["run_id"], "scaled", 1, "json"))
    with pytest.raises(ValueError, match=rf"scaled/00001\.json says {said};"):
        working.get_json(RUN, "scaled", 1)


def test_a_file_that_does_not_say_what_it_is_is_refused():
    storage.put("work", keys.work(RUN["run_id"], "manifest.json"), '{"rows": 5}')
    with pytest.raises(ValueError, match=r"manifest\.json says nothing of what it is; start the execution again"):
        working.get_json(RUN, "manifest")


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchKey"])
def test_a_file_that_cannot_be_read_is_named_and_the_errors_name_stays(monkeypatch, code):
    client = boto3.client("s3")
    monkeypatch.setattr(aws, "client", {"s3": client}.__getitem__)
    with botocore.stub.Stubber(client) as stub:
        stub.add_client_error("get_object", code, "Access Denied", 403)
        with pytest.raises(ClientError) as failed:
            working.get_json(RUN, "data")
    assert type(failed.value).__name__ == type(client.exceptions.from_code(code)({}, "")).__name__
    key = "runs/us-0123456789ab/data.json"
    assert f"s3://work/{key} was deleted, or this function may not read it: Access Denied" in str(failed.value)
