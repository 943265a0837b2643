"""What the steps take and return: common/events.py, the machines' definitions and docs/architecture.md say the same."""

import json
import re

import pytest

from tests.support.template import MACHINES, ROOT, definition, function_of, inner_scopes
from tools import sections, steps

STEPS = steps.steps()
RESULT = "{% $states.result.Payload %}"


def tasks(scope, selector=None):
    """Name and payload of every task; within a Map whose task passes on its input, what the Map selects."""
    for name, state in scope["States"].items():
        if state["Type"] == "Task":
            payload = state["Arguments"]["Payload"]
            yield name, state, selector if payload == "{% $states.input %}" else payload
        for inner in inner_scopes(state):
            yield from tasks(inner, state.get("ItemSelector", selector))


def module_of(state):
    return steps.module_of(function_of(state).removesuffix("Function"))


CALLS = [
    pytest.param(module_of(state), payload, id=f"{machine}: {name}")
    for machine in MACHINES.values()
    for name, state, payload in tasks(definition(machine))
]


def names(fields):
    return {field.name for field in fields}


def test_the_table_in_the_architecture_is_what_the_command_prints():
    assert sections.read(ROOT / "docs" / "architecture.md", "steps") == steps.steps_table()


@pytest.mark.parametrize(("module", "payload"), CALLS)
def test_a_step_gets_what_its_handler_takes(module, payload):
    given = set(payload)
    fitting = [
        form
        for form in STEPS[module].takes
        if names(field for field in form if field.required) <= given <= names(form)
        and all(not field.words or str(payload[field.name]) in field.words for field in form if field.name in given)
    ]
    assert len(fitting) == 1, f"{module} takes {STEPS[module].takes}"


def test_what_an_event_may_lack_has_a_word_in_its_place():
    """JSONata leaves a field without a value out, and the handler would miss it."""
    text = json.dumps(definition())
    for name in ("version-id", "sequencer"):
        field = rf"[\w.$]*object\.`?{name}`?"
        read = re.findall(field, text)
        with_a_word = re.findall(rf"\$exists\(({field})\) \? \1 : '", text)
        assert with_a_word
        assert len(read) == 2 * len(with_a_word)


@pytest.mark.parametrize("machine", MACHINES.values())
def test_a_machine_reads_of_a_result_what_the_handler_returns(machine):
    """A variable may hold the results of several steps, one after the other."""
    holds = {}
    for _, state, _ in tasks(definition(machine)):
        (returned,) = map(names, STEPS[module_of(state)].returns)
        assert set(re.findall(r"result\.Payload\.(\w+)", json.dumps(state))) <= returned
        for variable, value in state.get("Assign", {}).items():
            if value == RESULT:
                holds.setdefault(variable, set()).update(returned)
    read = re.findall(r"\$(\w+)\.(\w+)", json.dumps(definition(machine)))
    assert {(variable, field) for variable, field in read if field not in holds.get(variable, {field})} == set()
    assert holds


def test_the_machine_keeps_a_run_as_the_classes_say():
    """Split knows no shards yet; Gather's plan has them."""
    fields = {name: name for name in ("run_id", "dataset", "shards")}
    assigned = [definition()["States"][step]["Assign"]["run"] for step in ("Split", "Gather")]
    first, planned = (dict(re.findall(r"'(\w+)': (\w+)", run)) for run in assigned)
    assert first == fields | {"shards": "0"}
    assert planned == fields
    assert names(steps.fields_of("Run")) == set(fields)


def test_every_function_has_a_handler_that_says_what_it_takes_and_returns():
    assert set(STEPS) == {path.stem for path in (ROOT / "functions").glob("*.py")}
