"""One laptop cloud for the suite, with short waits, and a runner that has begun all chosen runs."""

import pytest

from tests.corpus.cases import CASES
from tests.faults import table
from tests.faults.catalogue import RUNS
from tests.faults.runner import Runner, chosen
from tests.support.cloud import Cloud

FAILED = pytest.StashKey[set[str]]()
TOTALS = pytest.StashKey[tuple[int, int]]()  # leaked resources, executions green after a failure
CLOUD = {"SFN_WAIT_SCALE": "0.02", "LOCAL_LAMBDAS": "15"}


@pytest.fixture(scope="session")
def fault_cloud(tmp_path_factory):
    up = Cloud(tmp_path_factory.mktemp("faults"), CLOUD)
    started = up.local("up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield up
    assert up.local("down").returncode == 0


@pytest.fixture(scope="session")
def runner(fault_cloud, request):
    """A runner with the runs of those tests that were chosen."""
    names = chosen(request.session, "run")
    numbers = {name: number for number, name in enumerate(RUNS)}
    runner = Runner(fault_cloud, [run for run in RUNS.values() if run.name in names], numbers)
    yield runner
    runner.finish()
    left = sum(map(len, fault_cloud.left_in_sagemaker().values()))
    request.config.stash[TOTALS] = left, runner.green_after_a_failure()


def pytest_addoption(parser):
    parser.addoption("--write-table", action="store_true", help="write what the suite found into docs/operations.md")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep the names of runs and inputs of which a test failed."""
    report = yield
    if report.failed and hasattr(item, "callspec"):
        found = item.callspec.params.get("run") or item.callspec.params.get("case")
        if found:
            item.session.config.stash.setdefault(FAILED, set()).add(found.name)
    return report


def pytest_sessionfinish(session):
    """Write the table where it was asked for and every run and every input had its turn."""
    wanted = getattr(session.config.option, "write_table", False)
    whole = len(chosen(session, "run")) == len(RUNS) and len(chosen(session, "case")) == len(CASES)
    if wanted and whole and (found := session.config.stash.get(TOTALS, None)):
        table.write(table.render(frozenset(session.config.stash.get(FAILED, set())), *found))
