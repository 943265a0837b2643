"""The table of docs/operations.md tells of the suite's faults and inputs as they are, and of none that got away."""

from tests.corpus.cases import CASES
from tests.faults import table
from tests.faults.catalogue import RUNS
from tests.faults.model import CALLS
from tests.support import template

FAULTS = [fault for run in RUNS.values() for fault in run.faults]


def test_the_table_lists_exactly_the_cases_of_the_suite_all_survived():
    assert table.written() == table.render()


def test_there_are_at_least_60_faults_and_80_inputs():
    assert len(FAULTS) >= 60
    assert len(CASES) >= 80


def test_the_readme_tells_the_true_numbers():
    assert (
        f"injects {len(FAULTS)} faults and drops {len(CASES)} bad or odd files"
        in (template.ROOT / "README.md").read_text()
    )


def test_every_task_meets_passing_and_lasting_errors_and_time_outs():
    tasks = {name for name, state in template.states() if state["Type"] == "Task"}
    assert set(CALLS) == tasks
    kinds = {task: {fault.kind for fault in FAULTS if fault.state == task} for task in tasks}
    wanted = {
        "throttled",
        "Lambda busy",
        "Lambda broken",
        "function timeout",
        "task timeout",
        "denied",
        "stopped by a person",
    }
    assert {task: wanted - kinds[task] for task in tasks} == {task: set() for task in tasks}


def test_a_quarter_of_the_faults_at_least_runs_in_make_test():
    quick = [fault for run in RUNS.values() if run.quick for fault in run.faults]
    assert len(quick) >= len(FAULTS) / 4
