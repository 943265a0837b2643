"""What is read after a hundred runs of a dataset, counted: no more than after one, but for a fifth."""

import datetime
import re
import shutil
from typing import Any

import pytest

from local import paths
from tests.support.athena_lake import (
    BUCKET,
    DATABASE,
    Lake,
    metrics_rows,
    prediction_rows,
    price_rows,
    run_row,
    ticker_rows,
)
from tests.support.eventually import eventually
from tests.support.template import resources

RUNS, MORE = 100, 1.2
CRAWLER, ROLE = "crawler", {"Effect": "Allow", "Action": ["s3:*", "glue:*", "logs:*"], "Resource": "*"}
QUERIES = ("latest_forecast", "latest_prices", "backtest", "leaderboard", "run_history where newest")


def put_run(lake: Lake, number: int) -> None:
    """A run whose objects differ from those of any other, as Publish and Summarize leave it."""
    run_id = f"us-{number:012x}"
    days = [(datetime.date(2024, 1, 1) + datetime.timedelta(days=day)).isoformat() for day in range(300)]
    for table, columns in (
        ("predictions", prediction_rows(100.0 + number)),
        ("metrics", metrics_rows() | {"rmse": [float(number)] * 5}),
        ("tickers", ticker_rows() | {"rows": [number]}),
        ("prices", price_rows("A", days, [100.0 + number + day for day in range(300)])),
        ("runs", run_row(term=number, rows=number)),
    ):
        lake.put(table, "us", run_id, columns)


def crawl(lake: Lake) -> tuple[int, int]:
    """Requests and bytes of a crawl."""
    glue = lake.client("glue")
    glue.start_crawler(Name=CRAWLER)
    ended = eventually(lambda: glue.get_crawler(Name=CRAWLER)["Crawler"], 60, 0.1, lambda one: one["State"] == "READY")
    assert ended["LastCrawl"]["Status"] == "SUCCEEDED"
    events = lake.client("logs").get_log_events(logGroupName="/aws-glue/crawlers", logStreamName=CRAWLER)["events"]
    found = re.findall(r"(\d+) requests have read (\d+) bytes", "\n".join(event["message"] for event in events))
    requests, read = map(int, found[-1])
    return requests, read


def read(lake: Lake, view: str) -> tuple[int, int]:
    """Objects that a query has got from S3, and its bytes."""
    shutil.rmtree(paths.STATE / "athena", ignore_errors=True)
    asked = lake.ask(f"select * from {view}")
    assert asked.state == "SUCCEEDED", asked.reason
    assert len(asked.rows) > 1
    objects = [path for path in (paths.STATE / "athena").rglob("*") if path.is_file()]
    return len(objects), asked.execution["Statistics"]["DataScannedInBytes"]


@pytest.fixture(scope="module")
def counted(laptop, make_role):
    """By what is read: requests and bytes after one run, and after a hundred; the lake."""
    lake = Lake(laptop)
    lake.make()
    (declared,) = resources("AWS::Glue::Crawler").values()
    targets = [
        {"Path": f"s3://{BUCKET}/{one['Path']['Fn::Sub'].partition('}/')[2]}"}
        for one in declared["Targets"]["S3Targets"]
    ]
    made: Any = {key: declared[key] for key in ("RecrawlPolicy", "SchemaChangePolicy", "Configuration")}
    made |= {"Role": make_role("crawls", "glue.amazonaws.com", ROLE), "Targets": {"S3Targets": targets}}
    laptop("glue").create_crawler(Name=CRAWLER, DatabaseName=DATABASE, **made)
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in ("crawl", *QUERIES)}
    for last in (1, RUNS):
        for number in range(1 if last == 1 else 2, last):
            put_run(lake, number)
        if last > 1:
            crawl(lake)  # what the runs before it have had of their own
        put_run(lake, last)
        found["crawl"].append(crawl(lake))
        lake.show("us", f"us-{last:012x}", last)
        if last == 1:
            lake.make_latest()
            lake.make_views()
        for view in QUERIES:
            found[view].append(read(lake, view))
    return found, lake


@pytest.mark.parametrize("what", ["crawl", *QUERIES[:-1]])
def test_a_hundred_runs_cost_what_one_costs(counted, what):
    (requests, size), (many_requests, many_size) = counted[0][what]
    assert 0 < requests <= 6
    assert many_requests <= MORE * requests
    assert many_size <= MORE * size


def test_the_count_sees_what_grows(counted):
    """The history of all runs reads a row of each."""
    one, many = counted[0][QUERIES[-1]]
    assert many[0] >= one[0] + RUNS - 1
    assert many[1] > 50 * one[1]


def test_the_views_show_the_last_of_the_hundred(counted):
    _, lake = counted
    assert lake.ask("select distinct run_id from latest_prices").rows[1:] == [[f"us-{RUNS:012x}"]]
    assert lake.ask("select last_price from latest_forecast").rows[1:] == [[f"{100.0 + RUNS}"]]
    assert lake.ask("select count(*) from runs").rows[1:] == [[str(RUNS)]]
