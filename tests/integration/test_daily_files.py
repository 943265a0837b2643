"""A dataset that grows by a file a day: files that come at once share a run, and a run that dies delays them only."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import daily_files
from tests.support.cloud import Cloud
from tests.support.eventually import eventually

DATASET = "daily"
HISTORY, AT_ONCE = 200, 5
WHOLE = daily_files.table(HISTORY + AT_ONCE + 3)
DAYS = daily_files.days(WHOLE)


def drop(cloud: Cloud, days: list[str]) -> list[str]:
    """Upload a file for each of the days at the same moment; the ARNs of their executions."""
    with ThreadPoolExecutor(len(days)) as pool:
        return list(
            pool.map(lambda day: cloud.upload(f"incoming/{DATASET}/{day}.csv", daily_files.of_days(WHOLE, [day])), days)
        )


def outputs(executions: list[dict]) -> list[dict]:
    assert [one["status"] for one in executions] == ["SUCCEEDED"] * len(executions), executions
    return [json.loads(one["output"]) for one in executions]


def planned(cloud: Cloud, run_id: str) -> list[str]:
    return [upload["key"].rpartition("/")[2] for upload in cloud.plan(DATASET, run_id)["uploads"]]


def names(days: list[str]) -> list[str]:
    return [f"{day}.csv" for day in days]


@pytest.fixture(scope="module", autouse=True)
def scripted(cloud):
    cloud.faults(scripted={"match": f"-{DATASET}-"})
    yield
    cloud.faults()


@pytest.fixture(scope="module")
def history(cloud) -> dict:
    body = daily_files.of_days(WHOLE, DAYS[:HISTORY])
    (output,) = outputs([cloud.ended(cloud.upload(f"incoming/{DATASET}/history.csv", body))])
    return output


@pytest.fixture(scope="module")
def five(cloud, history) -> list[dict]:
    """The outputs of the executions of five daily files that were dropped at once."""
    return outputs([cloud.ended(arn) for arn in drop(cloud, DAYS[HISTORY:][:AT_ONCE])])


@pytest.fixture(scope="module")
def led(cloud, five) -> dict:
    """Of the five the execution that led."""
    (leader,) = (output for output in five if output["status"] == "published")
    return leader


def test_files_that_come_at_once_share_one_run_and_the_others_end_green_as_folded(cloud, five, history, led):
    assert sorted(output["status"] for output in five) == ["folded"] * (AT_ONCE - 1) + ["published"]
    for output in five:
        if output["status"] == "folded":
            assert output["reason"].startswith("its rows go into the run of arn:aws:states:")
            assert cloud.keys("LakeBucket", f"plans/dataset={DATASET}/run_id={output['run_id']}/") == []
    rows = cloud.keys("LakeBucket", f"runs/dataset={DATASET}/")
    assert {key.split("run_id=")[1].split("/")[0] for key in rows} == {history["run_id"], led["run_id"]}


def test_the_run_is_planned_of_all_of_them_on_the_table_before(cloud, history, led):
    plan = cloud.plan(DATASET, led["run_id"])
    assert planned(cloud, led["run_id"])[0] == "history.csv"
    assert sorted(planned(cloud, led["run_id"])[1:]) == names(DAYS[HISTORY:][:AT_ONCE])
    assert (plan["term"], plan["base"], plan["base_uploads"], plan["missing"]) == (2, history["run_id"], 1, [])
    (row,) = cloud.table("runs", DATASET, led["run_id"]).to_dict("records")
    assert (row["term"], row["files"], len(row["new_files"])) == (2, 1 + AT_ONCE, AT_ONCE)


def test_the_forecasts_begin_at_the_newest_day(cloud, led):
    future = cloud.table("predictions", DATASET, led["run_id"]).query("split == 'future'")
    newest = DAYS[HISTORY + AT_ONCE - 1]
    assert {(row.ticker, str(row.origin_date)) for row in future.itertuples()} == {
        (ticker, newest) for ticker in daily_files.TICKERS
    }
    assert sorted(set(future["horizon"])) == [1, 5, 20]


def test_the_prices_are_those_of_all_files(cloud, led):
    found = cloud.table("prices", DATASET, led["run_id"])
    expected = WHOLE[WHOLE["date"] <= DAYS[HISTORY + AT_ONCE - 1]].sort_values(["ticker", "date"], ignore_index=True)
    assert found["date"].astype(str).tolist() == expected["date"].tolist()
    for column in ("open", "high", "low", "adjclose"):
        assert found[column].tolist() == expected[column].tolist(), column


@pytest.fixture(scope="module")
def stopped(cloud, led):
    """A leader that somebody stops in training, after two more files were folded; and its clean-up's execution."""
    cloud.faults(scripted={"match": f"-{DATASET}-"}, training_hangs={"match": f"-{DATASET}-"})
    (leader,) = drop(cloud, DAYS[-3:-2])
    jobs = {"NameContains": f"-{DATASET}-", "StatusEquals": "InProgress"}
    eventually(lambda: cloud.client("sagemaker").list_training_jobs(**jobs)["TrainingJobSummaries"])
    waiting = outputs([cloud.ended(arn) for arn in drop(cloud, DAYS[-2:])])
    assert [output["status"] for output in waiting] == ["folded"] * 2
    assert cloud.lease(DATASET)["holder"] == leader
    cloud.client("stepfunctions").stop_execution(executionArn=leader)
    cleaned = cloud.cleaned(leader)
    cloud.faults(scripted={"match": f"-{DATASET}-"})
    return cloud.ended(leader), cleaned


def test_the_lease_of_a_leader_that_is_stopped_is_freed(cloud, stopped):
    leader, cleaned = stopped
    assert (leader["status"], cleaned["status"]) == ("ABORTED", "SUCCEEDED")
    lease = cloud.lease(DATASET)
    assert (lease["holder"], lease["term"], lease["failures"], lease["error"]) == ("", 3, 1, "Aborted")
    assert cloud.left_in_sagemaker(f"-{DATASET}-") == {}


def test_a_nudge_publishes_what_the_stopped_leader_and_its_followers_brought(cloud, stopped):
    (output,) = outputs([cloud.ended(cloud.nudge(DATASET))])
    assert output["status"] == "published"
    assert sorted(planned(cloud, output["run_id"])) == sorted([*names(DAYS[HISTORY:]), "history.csv"])
    future = cloud.table("predictions", DATASET, output["run_id"]).query("split == 'future'")
    assert {str(day) for day in future["origin_date"]} == {DAYS[-1]}
    lease = cloud.lease(DATASET)
    assert (lease["holder"], lease["term"], lease["failures"], lease["settled"]) == ("", 4, 0, lease["planned"])


def test_a_run_whose_lease_another_has_taken_publishes_nothing_and_leaves_that_lease_alone(cloud):
    other = {"holder": "arn:aws:states:us-east-1:123456789012:execution:another:one", "term": 7}
    body = daily_files.of_days(WHOLE, DAYS[:HISTORY])
    cloud.faults(scripted={"match": "-robbed-"})
    arn = cloud.upload("incoming/robbed/history.csv", body)
    eventually(lambda: any("mapStateStartedEventDetails" in event for event in cloud.history(arn)))
    taken = cloud.lease("robbed") | other
    lake = cloud.outputs()["LakeBucket"]
    cloud.client("s3").put_object(Bucket=lake, Key="leads/robbed.json", Body=json.dumps(taken).encode())
    ended = cloud.ended(arn)
    assert cloud.cleaned(arn)["status"] == "SUCCEEDED"
    assert (ended["status"], ended["error"]) == ("FAILED", "RuntimeError")
    assert "no longer leads robbed" in ended["cause"]
    assert cloud.keys("LakeBucket", "runs/dataset=robbed/") == []
    assert cloud.keys("LakeBucket", "published/dataset=robbed/") == []
    assert cloud.lease("robbed") == taken
    assert cloud.left_in_sagemaker("-robbed-") == {}
