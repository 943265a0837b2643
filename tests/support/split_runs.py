"""A good file for Split, and what there is of its run afterwards."""

import datetime

import boto3

import split
from common import keys, storage, working

OURS = "arn:aws:states:us-east-1:123456789012:execution:machine:ours"


DAYS = [(datetime.date(2020, 1, 1) + datetime.timedelta(day)).isoformat() for day in range(200)]


GOOD = "ticker,date,adjclose\n" + "".join(f"{ticker},{day},10\n" for ticker in "AB" for day in DAYS)


def manifest(run):
    return working.get_json(run, "manifest")


def all_rows(run):
    """ticker, line and price of every row of the run."""
    for shard in range(run["shards"]):
        rows = working.get_arrays(run, "rows", shard)
        for at, line, price in zip(rows["ticker"], rows["line"], rows["adjclose"], strict=True):
            yield str(rows["tickers"][at]), int(line), float(price)


def listed(run) -> list[str]:
    return storage.get("lake", keys.lake("rejected", run, "split.csv")).decode().splitlines()


def names(bucket):
    return [found["Key"] for found in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def run_of(event):
    dataset = split.address(event)[0]
    return {"dataset": dataset, "run_id": keys.run_id(dataset, event["bucket"], event["key"], event["version_id"])}
