"""Datasets that grow on a laptop cloud of their own: a file a day for four weeks, and a leader that dies.

Resume looks at every dataset, so it has no part in the cloud of the faults, whose runs are left as they ended.
"""

import functools
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.conftest import CLOUD
from tests.support import daily_files
from tests.support.cloud import Cloud
from tests.support.eventually import eventually

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(1800)]  # some six runs, one after the other

HISTORY, OVERLAP, COUNT, FOLLOWERS = 200, 5, 20, 5
WHOLE = daily_files.table(HISTORY + COUNT)
DAYS = daily_files.days(WHOLE)
STACK = "stock-forecasts-local"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    up = Cloud(tmp_path_factory.mktemp("days"), CLOUD)
    started = up.local("up")
    assert started.returncode == 0, started.stdout + started.stderr
    up.faults(scripted={})
    yield up
    assert up.local("down").returncode == 0


def drop(cloud: Cloud, dataset: str, name: str, days: list[str]) -> str:
    return cloud.upload(f"incoming/{dataset}/{name}.csv", daily_files.of_days(WHOLE, days))


def output(cloud: Cloud, arn: str) -> dict:
    ended = cloud.ended(arn)
    assert ended["status"] == "SUCCEEDED", ended
    return json.loads(ended["output"])


def ask(cloud: Cloud, sql: str) -> list[dict]:
    done = cloud.local("query", sql, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def twenty(cloud) -> list[dict]:
    """The rows of the runs of a history and of twenty daily files, of which each week's came at once."""
    output(cloud, drop(cloud, "twenty", "history", DAYS[:HISTORY]))
    for week in range(HISTORY, HISTORY + COUNT, 5):
        with ThreadPoolExecutor(5) as pool:
            arns = list(
                pool.map(lambda at: drop(cloud, "twenty", DAYS[at], DAYS[at - OVERLAP : at + 1]), range(week, week + 5))
            )
        assert {output(cloud, arn)["status"] for arn in arns} <= {"published", "folded", "current"}
        eventually(functools.partial(rests, cloud, week + 5 - HISTORY), 240, 0.5)
    columns = "term, run_id, base_run, files, cardinality(new_files) as added"
    return ask(cloud, f"select {columns} from run_history where dataset = 'twenty' order by term")


def rests(cloud: Cloud, days: int) -> bool:
    """Whether nobody leads, and the newest run has the history and so many days: Hand over may start a successor."""
    newest = max(cloud.keys("LakeBucket", "published/dataset=twenty/"))
    run_id = newest.rpartition("/")[2].partition("-")[2].removesuffix(".json")
    return not cloud.lease("twenty")["holder"] and len(cloud.plan("twenty", run_id)["uploads"]) == 1 + days


def test_twenty_daily_files_are_each_published_once_and_each_run_begins_with_one_before(twenty):
    assert [row["term"] for row in twenty] == list(range(1, len(twenty) + 1))
    assert sum(row["added"] for row in twenty) == twenty[-1]["files"] == 1 + COUNT
    assert 5 <= len(twenty) <= 9
    runs = [row["run_id"] for row in twenty]
    assert [row["base_run"] in runs[:at] for at, row in enumerate(twenty)] == [False] + [True] * (len(runs) - 1)


def test_after_twenty_daily_files_the_table_has_every_day_once(cloud, twenty):
    found = cloud.table("prices", "twenty", twenty[-1]["run_id"])
    whole = WHOLE.sort_values(["ticker", "date"], ignore_index=True)
    assert found["date"].astype(str).tolist() == whole["date"].tolist()
    assert found["adjclose"].tolist() == whole["adjclose"].tolist()


def test_after_twenty_daily_files_each_forecast_is_in_the_track_record_once(cloud, twenty):
    once = "count(distinct ticker || cast(origin_date as varchar))"
    rows = ask(
        cloud,
        f"select horizon, count(*) as n, {once} as once, count_if(state = 'scored') as scored "
        "from track_record where dataset = 'twenty' group by 1 order by 1",
    )
    tickers, weeks = len(daily_files.TICKERS), COUNT // 5
    assert [row["horizon"] for row in rows] == [1, 5, 20]
    for row in rows:
        assert row["n"] == row["once"] >= tickers * (1 + weeks)
    assert rows[0]["scored"] >= tickers * weeks
    assert rows[2]["scored"] == tickers  # of the history's last day, the twentieth has come


@pytest.fixture(scope="module")
def killed(cloud) -> dict:
    """A leader whose time is up in training after others were folded; the lease then, and what Resume starts."""
    hangs = {"scripted": {}, "training_hangs": {"match": "-killed-"}}
    cloud.faults(**hangs)
    leader = drop(cloud, "killed", "history", DAYS[:HISTORY])
    jobs = {"NameContains": "-killed-", "StatusEquals": "InProgress"}
    eventually(lambda: cloud.client("sagemaker").list_training_jobs(**jobs)["TrainingJobSummaries"])
    with ThreadPoolExecutor(FOLLOWERS) as pool:
        days = DAYS[HISTORY : HISTORY + FOLLOWERS]
        followers = list(pool.map(lambda day: output(cloud, drop(cloud, "killed", day, [day])), days))
    cloud.faults(**hangs, execution_is_late={"match": ['"Wait for training"', "incoming/killed/"]})
    ended = cloud.ended(leader)
    assert cloud.cleaned(leader)["status"] == "SUCCEEDED"
    cloud.faults(scripted={})
    found = {"followers": followers, "ended": ended, "lease": cloud.lease("killed")}
    found["published"] = cloud.keys("LakeBucket", "runs/dataset=killed/")
    return found | {"resumed": resume(cloud), "again": resume(cloud)}


def resume(cloud: Cloud) -> list[str]:
    """The function as its schedule calls it; the names of the executions that it starts for the dataset."""
    stack = cloud.client("cloudformation")
    found = stack.describe_stack_resource(StackName=STACK, LogicalResourceId="ResumeFunction")["StackResourceDetail"]
    answer = cloud.client("lambda").invoke(FunctionName=found["PhysicalResourceId"], Payload=b"{}")
    assert "FunctionError" not in answer
    return [name for name in json.loads(answer["Payload"].read())["started"] if name.startswith("killed-")]


def test_a_leader_that_dies_after_others_were_folded_publishes_nothing_and_frees_its_lease(cloud, killed):
    assert [answer["status"] for answer in killed["followers"]] == ["folded"] * FOLLOWERS
    assert (killed["ended"]["status"], killed["published"]) == ("TIMED_OUT", [])
    lease = killed["lease"]
    assert (lease["holder"], lease["term"], lease["failures"], lease["error"]) == ("", 1, 1, "TimedOut")


def test_resume_starts_one_execution_that_publishes_all_files(cloud, killed):
    (name,) = killed["resumed"]
    assert (name.startswith("killed-resume-1-"), killed["again"]) == (True, [])
    answer = output(cloud, killed["ended"]["executionArn"].rpartition(":")[0] + f":{name}")
    assert answer["status"] == "published"
    uploads = cloud.plan("killed", answer["run_id"])["uploads"]
    assert len(uploads) == 1 + FOLLOWERS
    newest = DAYS[HISTORY + FOLLOWERS - 1]
    (row,) = ask(cloud, "select run_id, max(date) as day from latest_prices where dataset = 'killed' group by 1")
    assert row == {"run_id": answer["run_id"], "day": newest}
    assert cloud.left_in_sagemaker("-killed-") == {}
    lease = cloud.lease("killed")
    assert (lease["holder"], lease["term"], lease["failures"], lease["settled"]) == ("", 2, 0, lease["planned"])
