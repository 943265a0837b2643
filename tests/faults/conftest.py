"""One laptop cloud for the suite, with short waits, and a driver that has begun all chosen runs."""

import pytest

from tests.faults.driver import Driver
from tests.faults.runs import RUNS
from tests.integration.cloud import Cloud

CLOUD = {"SFN_WAIT_SCALE": "0.02", "LOCAL_LAMBDAS": "60"}


@pytest.fixture(scope="session")
def fault_cloud(tmp_path_factory):
    up = Cloud(tmp_path_factory.mktemp("faults"), CLOUD)
    started = up.local("up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield up
    assert up.local("down").returncode == 0


@pytest.fixture(scope="session")
def driver(fault_cloud, request):
    """A driver with the runs of those tests that were chosen."""
    parameters = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    chosen = {found["run"].name for found in parameters if "run" in found}
    numbers = {name: number for number, name in enumerate(RUNS)}
    driver = Driver(fault_cloud, [run for run in RUNS.values() if run.name in chosen], numbers)
    yield driver
    driver.finish()
