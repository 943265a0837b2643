"""Deleting what belongs to a dataset."""

import boto3

from stocks.schemas import CRAWLED
from tests.support.stockcast import stack
from tools.aws import forget, runs


class S3:
    """An S3 that, as AWS's, reads no XML with a sign that XML has no place for."""

    def __init__(self) -> None:
        self.gone: list[str] = []

    def delete_objects(self, *, Delete: dict, **_: str) -> dict:
        keys = [one["Key"] for one in Delete["Objects"]]
        assert all(key.isprintable() for key in keys), "MalformedXML"
        self.gone += keys
        return {}

    def delete_object(self, *, Key: str, **_: str) -> None:
        self.gone.append(Key)


def test_objects_go_whatever_their_names_hold():
    s3, keys = S3(), ["incoming/us/a.csv", "incoming/us/\x1b[2J.csv", "incoming/us/b\n.csv"]
    assert forget.deleted(s3, "b", iter([{"Key": key, "VersionId": "1"} for key in keys])) == 3
    assert sorted(s3.gone) == sorted(keys)


def test_a_dataset_whose_name_begins_likewise_keeps_all(buckets, monkeypatch):
    """Of each dataset an object wherever a dataset has some; the last is named as a run of the deleted one is."""
    kept = set()
    for name in ("us", "us-two", "ustwo", "us-0123456789ab"):
        run = f"{name}-0123456789ab"
        lake = [f"{folder}/dataset={name}/run_id={run}/0" for folder in (*CRAWLED, *forget.FOLDERS)]
        lake += [f"verdicts/dataset={name}/of-{name}.json", f"files/of-{name}.parquet", f"leads/{name}.json"]
        lake += [f"latest/{name}.json", f"told/{name}.json", f"told/dataset={name}/1.json"]
        for bucket, keys in (("lake", lake), ("work", [f"runs/{run}/0"]), ("incoming", [f"incoming/{name}/a.csv"])):
            for key in keys:
                buckets.put_object(Bucket=bucket, Key=key, Body=b"")
            kept |= {(bucket, key) for key in keys} if name != "us" else set()
    stands = stack(monkeypatch, s3=buckets, glue=boto3.client("glue"))
    counted = {what: delete() for what, delete in forget.held(stands, "us")}
    assert counted["working files"] == counted["dropped files"] == counted["rows of files"] == 1
    left = {
        (bucket, one["Key"]) for bucket in ("lake", "work", "incoming") for one in runs.objects(buckets, bucket, "")
    }
    assert left == kept
