"""The same event many times at once, and many files at once."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.small_file import FORECASTS, prices_csv
from tests.support.eventually import eventually

SAME, FILES = 10, 50


@pytest.fixture(scope="module")
def ten(runner):
    """The executions of one upload whose event came ten times at once, the first by EventBridge."""
    key = "incoming/same/prices.csv"
    arn = runner.drop(key, prices_csv())
    given = runner.input(arn)
    with ThreadPoolExecutor(SAME) as pool:
        others = list(pool.map(lambda _: runner.start_again(given), range(SAME - 1)))
    return [runner.ended(one, key, "same") for one in (arn, *others)]


def test_of_ten_equal_events_one_publishes_and_nine_end_as_duplicates(runner, ten):
    assert [one.described["status"] for one in ten] == ["SUCCEEDED"] * SAME
    statuses = [json.loads(one.described["output"])["status"] for one in ten]
    assert sorted(statuses) == ["duplicate"] * (SAME - 1) + ["published"]
    assert sorted(key.split("/")[0] for key in ten[-1].lake) == ["metrics", "predictions", "prices", "runs"]
    assert ten[-1].left == {}
    assert sum("Forecasts ready" in message for message in runner.cloud.messages("incoming/same/prices.csv")) == 1


@pytest.mark.thorough
def test_fifty_files_at_once_are_all_published(runner):
    keys = {f"many{number:02d}": f"incoming/many{number:02d}/prices.csv" for number in range(FILES)}
    with ThreadPoolExecutor(FILES) as pool:
        arns = dict(zip(keys, pool.map(lambda key: runner.drop(key, prices_csv()), keys.values()), strict=True))
    statuses = {dataset: runner.forecasts.ended(arn)["status"] for dataset, arn in arns.items()}
    assert set(statuses.values()) == {"SUCCEEDED"}, statuses
    assert runner.cloud.left_in_sagemaker("-many") == {}
    sql = "select dataset, count(*) as n from latest_forecast where dataset like 'many%' group by dataset"
    expected = [[dataset, str(FORECASTS)] for dataset in sorted(keys)]
    eventually(lambda: runner.watcher.ask(sql) == expected, pause=1)
