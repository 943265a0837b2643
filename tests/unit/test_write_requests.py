import json

import pytest

import write_requests
from common import working
from stocks import endpoint
from tests.support import shards
from tests.support.prices import walk

RUN = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 4}
PREFIX = "runs/us-0123456789ab/requests/"


@pytest.fixture
def write(buckets, context):
    """write(number): the objects that the step leaves for the shard of this number, by name."""

    def call(number):
        assert write_requests.handler({"run": RUN, "shard": number}, context) == {"shard": number}
        return {
            found["Key"].removeprefix(PREFIX): buckets.get_object(Bucket="work", Key=found["Key"])
            for found in buckets.list_objects_v2(Bucket="work", Prefix=PREFIX).get("Contents", [])
        }

    return call


def test_each_request_is_an_object_of_what_an_endpoint_would_be_asked(write, monkeypatch):
    given = endpoint.requests
    monkeypatch.setattr(endpoint, "requests", lambda s: given(s, most_origins=200))
    shard = shards.shard({"A": walk(1, 280), "B": walk(2, 275)})
    working.put_arrays(RUN, "shards", shard.arrays(), 3)
    asked = [endpoint.body(shard, instances) for instances in endpoint.requests(shard)]
    assert len(asked) > 1
    written = write(3)
    assert list(written) == [f"00003-{number:05d}.json" for number in range(len(asked))]
    assert [found["Body"].read() for found in written.values()] == asked
    assert {found["ContentType"] for found in written.values()} == {"application/json"}
    assert all(json.loads(body)["instances"] for body in asked)


def test_a_retry_leaves_the_same_objects(write):
    working.put_arrays(RUN, "shards", shards.shard({"A": walk(1, 280)}).arrays(), 0)
    first = {name: found["Body"].read() for name, found in write(0).items()}
    assert {name: found["Body"].read() for name, found in write(0).items()} == first


def test_a_call_writes_those_of_every_so_many_shards(write, monkeypatch):
    monkeypatch.setattr(write_requests, "CALLS", 2)
    for number in range(4):
        working.put_arrays(RUN, "shards", shards.shard({f"T{number}": walk(number, 280)}).arrays(), number)
    assert {name[:5] for name in write(1)} == {"00001", "00003"}
    assert {name[:5] for name in write(0)} == {"00000", "00001", "00002", "00003"}
