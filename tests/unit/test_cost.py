import json
import types
from collections import Counter

import pytest

import resume
import retire
from common import aws, cost, keys, storage
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Run
from tests.support.lambda_environment import CONTEXT
from tests.support.plans import NOON
from tools import cost as tool


def test_an_hour_of_each_costs_the_sum_of_both_prices():
    assert cost.estimate(3600, "ml.m5.large", 3600, "ml.m5.xlarge") == pytest.approx(0.345)


def test_every_instance_of_the_endpoint_is_paid():
    assert cost.estimate(0, "ml.m5.large", 3600, "ml.m5.large", 3) == pytest.approx(0.345)


def test_seconds_are_seconds():
    assert cost.estimate(360, "ml.m5.large", 0, "ml.m5.large") == pytest.approx(0.0115)


@pytest.mark.parametrize("types", [("ml.m5.large", "ml.unknown"), ("ml.unknown", "ml.m5.large")])
def test_a_type_without_a_price_has_no_estimate(types):
    assert cost.estimate(60, types[0], 60, types[1]) is None


def rest(name: str) -> None:
    """A dataset at rest: one run published, settings.json in its folder, and nothing new."""
    storage.put("incoming", f"incoming/{name}/settings.json", "{}")
    run = Run(f"{name}-0123456789ab", 1, NOON)
    storage.put("lake", keys.published_run(name, 1, run.run_id), run.to_json())
    storage.put("lake", keys.lake("runs", {"run_id": run.run_id, "dataset": name}, keys.part(0)), b"row")
    storage.put("lake", keys.verdict(name, "20261124T120000Z-0123456789ab"), json.dumps({}))
    storage.put("lake", keys.lease(name), Lease(term=1, taken=NOON).to_json())


@pytest.mark.parametrize("datasets", [1, 3])
@pytest.mark.parametrize(("step", "scheduled"), [(resume, tool.RESUME), (retire, tool.RETIRE)])
def test_the_idle_month_counts_the_calls_that_resume_and_retire_make(s3, monkeypatch, step, scheduled, datasets):
    states = types.SimpleNamespace(start_execution=lambda **_: None)
    monkeypatch.setattr(aws, "client", {"s3": s3, "stepfunctions": states}.__getitem__)
    for number in range(datasets):
        rest(f"d{number}")
    s3.calls.clear()
    step.handler({}, CONTEXT)
    made = Counter("list" if name.startswith("list") else name for name, _ in s3.calls)
    assert scheduled.times * made["list"] == scheduled.listed(datasets)
    assert scheduled.times * made["get_object"] == scheduled.read(datasets)


def test_an_idle_month_costs_more_with_more_datasets():
    def month(datasets: int) -> float:
        return sum(item.usd() for item in tool.idle_month(1, key=False, datasets=datasets))

    assert month(10) - month(1) == pytest.approx(9 * (month(2) - month(1)))
    assert month(2) > month(1)
    started = [item.amount for item in tool.idle_month(1, key=False) if item.price == "lambda_requests"]
    assert started == [2 * 2880 + 30]


def test_a_transform_job_costs_less_than_an_endpoint_that_lives_longer_and_more_than_none():
    endpoint = tool.instances.estimate(180, "ml.m5.large", 420, "ml.m5.large")
    served = endpoint + sum(item.usd() for item in tool.run(1, 600))
    none, short, long = (tool.with_transform(1, 180, seconds) for seconds in (0, 180, 4200))
    assert none < short < served < long


def test_the_tables_tell_the_cost_of_both_modes():
    lines = tool.tables(0.8, 180, 420, 1, key=False, transform_seconds=3600 * 100).splitlines()
    (together,) = (line for line in lines if line.startswith("| together with EndpointMode transform |"))
    polls = 3600 * 100 / 30 * 3 * 0.000025  # three states each
    assert float(together.split("|")[3]) == pytest.approx(11.5 + 0.16 + polls, abs=0.1)
