"""The same event many times at once, and many files at once, of one dataset and of many."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.faults.small_file import FORECASTS, prices_csv
from tests.support import daily_files
from tests.support.eventually import eventually

SAME, DATASETS = 10, 50
MONTHS, DAYS, HISTORY = 24, 100, 200
GREEN = {"published", "folded", "current", "unchanged", "too_short"}


def outputs(runner, arns: list[str]) -> list[dict]:
    """What the executions answer, which must all end green."""
    ended = [runner.forecasts.ended(arn) for arn in arns]
    assert [one["status"] for one in ended] == ["SUCCEEDED"] * len(arns), ended
    return [json.loads(one["output"]) for one in ended]


def run_ids(runner, dataset: str) -> list[str]:
    """The published runs of the dataset, by term."""
    found = runner.cloud.keys("LakeBucket", f"published/dataset={dataset}/")
    return [key.rpartition("/")[2].partition("-")[2].removesuffix(".json") for key in found]


def trainings(runner, dataset: str) -> int:
    jobs = runner.cloud.client("sagemaker").list_training_jobs(NameContains=f"-{dataset}-", MaxResults=100)
    return len(jobs["TrainingJobSummaries"])


def at_rest(runner, dataset: str) -> None:
    """Wait until nobody leads the dataset, and what came is settled: Hand over may have started a successor."""

    def settled() -> bool:
        lease = runner.lease(dataset)
        verdicts = runner.cloud.keys("LakeBucket", f"verdicts/dataset={dataset}/")
        plan = runner.cloud.plan(dataset, run_ids(runner, dataset)[-1]) if run_ids(runner, dataset) else {}
        return not lease["holder"] and len(plan.get("uploads", ())) == len(verdicts)

    eventually(settled, 300, 0.5)


def drop_all(runner, dataset: str, files: dict[str, bytes], pause: float = 0) -> list[str]:
    """Drop the files in this order, as many seconds apart; the ARNs of their executions."""
    with ThreadPoolExecutor(len(files)) as pool:
        started = []
        for name, body in files.items():
            started.append(pool.submit(runner.drop, f"incoming/{dataset}/{name}.csv", body))
            time.sleep(pause)
        return [one.result() for one in started]


def shuffled(files: dict[str, bytes]) -> dict[str, bytes]:
    order = np.random.default_rng(3).permutation(sorted(files))
    return {name: files[name] for name in order.tolist()}


@pytest.fixture(scope="module", autouse=True)
def alone(runner):
    """No crowd's crawl takes a fault of the crawler that waits for a run of its own."""
    runner.runs_end()


@pytest.fixture(scope="module")
def ten(runner):
    """The answers of the executions of one upload whose event came ten times at once, the first by EventBridge."""
    arn = runner.drop("incoming/same/prices.csv", prices_csv())
    given = runner.input(arn)
    with ThreadPoolExecutor(SAME) as pool:
        others = list(pool.map(lambda _: runner.start_again(given), range(SAME - 1)))
    return outputs(runner, [arn, *others])


def test_of_ten_equal_events_one_publishes_and_nine_find_nothing_to_do(runner, ten):
    statuses = [output["status"] for output in ten]
    assert statuses.count("published") == 1
    assert set(statuses) <= {"published", "folded", "current"}
    (verdict,) = runner.cloud.keys("LakeBucket", "verdicts/dataset=same/")
    (published,) = [output["run_id"] for output in ten if output["status"] == "published"]
    assert run_ids(runner, "same") == [published]
    rows = runner.cloud.keys("LakeBucket", "runs/dataset=same/")
    assert [key.split("run_id=")[1].split("/")[0] for key in rows] == [published]
    (upload,) = runner.cloud.plan("same", published)["uploads"]
    assert verdict.endswith(f"/{upload['id']}.json")
    assert trainings(runner, "same") == 1
    assert runner.cloud.left_in_sagemaker("-same-") == {}
    assert sum("Forecasts ready" in message for message in runner.cloud.messages("incoming/same/prices.csv")) == 1


@pytest.mark.thorough
def test_fifty_datasets_at_once_are_all_published(runner):
    keys = {f"many{number:02d}": f"incoming/many{number:02d}/prices.csv" for number in range(DATASETS)}
    with ThreadPoolExecutor(DATASETS) as pool:
        arns = dict(zip(keys, pool.map(lambda key: runner.drop(key, prices_csv()), keys.values()), strict=True))
    statuses = {dataset: runner.forecasts.ended(arn)["status"] for dataset, arn in arns.items()}
    assert set(statuses.values()) == {"SUCCEEDED"}, statuses
    assert runner.cloud.left_in_sagemaker("-many") == {}
    sql = "select dataset, count(*) as n from latest_forecast where dataset like 'many%' group by dataset"
    expected = [[dataset, str(FORECASTS)] for dataset in sorted(keys)]
    eventually(lambda: runner.watcher.ask(sql) == expected, pause=1)


@pytest.mark.thorough
def test_files_of_24_months_at_once_give_the_bits_of_one_file(runner):
    whole = daily_files.table(1000)
    months = dict(list(daily_files.of_months(whole).items())[:MONTHS])
    one = whole[whole["date"].str[:7].isin(months)]
    answers = outputs(runner, drop_all(runner, "months", shuffled(months)))
    outputs(runner, drop_all(runner, "onefile", {"whole": daily_files.of_days(one, daily_files.days(one))}))
    assert sorted(answer["status"] for answer in answers) == ["folded"] * (MONTHS - 1) + ["published"]
    assert trainings(runner, "months") == 1
    assert len(runner.cloud.plan("months", run_ids(runner, "months")[-1])["uploads"]) == MONTHS
    for table in ("prices", "predictions", "metrics", "tickers"):
        assert bodies(runner, table, "months") == bodies(runner, table, "onefile"), table


def bodies(runner, table: str, dataset: str) -> dict[str, bytes]:
    """The files of the newest run's part of the table."""
    prefix = f"{table}/dataset={dataset}/run_id={run_ids(runner, dataset)[-1]}/"
    found = runner.cloud.keys("LakeBucket", prefix)
    assert found
    return {key.rpartition("/")[2]: runner.cloud.stored("LakeBucket", key) for key in found}


@pytest.mark.thorough
def test_a_hundred_files_at_two_a_second_train_at_most_twice_and_are_all_in_the_newest_run(runner):
    whole = daily_files.table(HISTORY + DAYS - 1)
    days = daily_files.days(whole)
    files = {"history": daily_files.of_days(whole, days[:HISTORY])}
    files |= {day: daily_files.of_days(whole, [day]) for day in days[HISTORY:]}
    answers = outputs(runner, drop_all(runner, "hundred", shuffled(files), pause=0.5))
    assert {answer["status"] for answer in answers} <= GREEN
    at_rest(runner, "hundred")
    assert trainings(runner, "hundred") <= 2
    newest = run_ids(runner, "hundred")[-1]
    planned = [upload["key"] for upload in runner.cloud.plan("hundred", newest)["uploads"]]
    assert sorted(planned) == sorted(f"incoming/hundred/{name}.csv" for name in files)
    prices = runner.cloud.table("prices", "hundred", newest)
    assert len(prices) == len(whole)
    future = runner.cloud.table("predictions", "hundred", newest).query("split == 'future'")
    assert {str(day) for day in future["origin_date"]} == {days[-1]}
