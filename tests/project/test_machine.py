"""The definition against what Step Functions demands, and against the functions and errors that it names."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import errors
from tests.project.read import ROOT, definition, function_of, functions, own, resources, states, strings, template

AWS_ERRORS = {
    "States.ALL", "States.Timeout", "Runtime.ExitError", "Sandbox.Timedout", "Lambda.Unknown",
    "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException", "Lambda.TooManyRequestsException",
}  # fmt: skip
TRANSIENT = {"Transient", "Lambda.ServiceException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"}
JSONPATH = re.compile(r"InputPath|OutputPath|ResultPath|ResultSelector|Parameters|QueryLanguage|\w+Path|.*\.\$")
MACHINE = resources("AWS::Serverless::StateMachine")["ForecastMachine"]
TASKS = [(name, state) for name, state in states() if state["Type"] == "Task"]
MAPS = [(name, state) for name, state in states() if state["Type"] == "Map"]
CHOICES = [(name, state) for name, state in states() if state["Type"] == "Choice"]


def named(pairs):
    return pytest.mark.parametrize(("name", "state"), pairs, ids=[name for name, _ in pairs])


def test_the_validator_accepts_the_definition(tmp_path):
    text = re.sub(r"\$\{(\w+)\}", "10", (ROOT / "statemachine" / "forecast.asl.json").read_text())
    copy = tmp_path / "forecast.asl.json"
    # Version 4.0.0 does not know that AWS takes an expression where a Wait or a Map has a number.
    copy.write_text(text.replace('"{% 10 %}"', "10"))
    assert validated(copy) == ""


def test_the_validator_refuses_a_broken_definition(tmp_path):
    copy = tmp_path / "broken.asl.json"
    copy.write_text(json.dumps({"StartAt": "A", "States": {"B": {"Type": "Succeed"}}}))
    assert "MISSING_TRANSITION_TARGET" in validated(copy)


def validated(file: Path) -> str:
    """What asl-validator complains about."""
    node = Path(sys.executable).with_name("node")
    tool = ROOT / "node_modules" / ".bin" / "asl-validator"
    done = subprocess.run([node, tool, "--json-path", file], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_every_placeholder_is_substituted_and_every_substitution_used():
    used = {name for string in strings(definition()) for name in re.findall(r"\$\{(\w+)\}", string)}
    assert used == set(MACHINE["DefinitionSubstitutions"])


def test_everything_is_jsonata():
    assert definition()["QueryLanguage"] == "JSONata"
    assert [(name, key) for name, state in states() for key in state if JSONPATH.fullmatch(key)] == []


def test_every_function_is_a_step_of_one_name():
    by_module = {properties["Handler"].removesuffix(".handler"): name for name, properties in functions().items()}
    invoked = {name.replace(" ", "_").lower(): function_of(state) for name, state in TASKS}
    for module, function in by_module.items():
        assert function == "".join(map(str.capitalize, module.split("_"))) + "Function"
        assert (ROOT / "functions" / f"{module}.py").exists(), f"{function} has no module"
        assert invoked.get(module) == function, f"no state is named after {function}"
    assert set(invoked.values()) == set(functions())


@named(TASKS)
def test_a_task_outlives_its_function(name, state):
    assert state["Resource"] == "arn:aws:states:::lambda:invoke"
    assert state["TimeoutSeconds"] > functions()[function_of(state)]["Timeout"]


@named(TASKS)
def test_a_task_retries_transient_errors_with_jitter(name, state):
    (retrier,) = (rule for rule in state["Retry"] if "Transient" in rule["ErrorEquals"])
    assert set(retrier["ErrorEquals"]) >= TRANSIENT
    assert retrier["JitterStrategy"] == "FULL"
    assert retrier["MaxAttempts"] >= 3


def test_every_error_that_is_matched_exists():
    classes = {name for name, _ in inspect.getmembers(errors, inspect.isclass)}
    rules = [rule for _, state in states() for rule in [*state.get("Retry", []), *state.get("Catch", [])]]
    matched = {name for rule in rules for name in rule["ErrorEquals"]}
    assert matched - classes - AWS_ERRORS == set()


@named(CHOICES)
def test_a_choice_defaults_to_a_failure(name, state):
    everywhere, following = dict(states()), state["Default"]
    while "Next" in everywhere[following]:
        following = everywhere[following]["Next"]
    assert everywhere[following]["Type"] == "Fail"


@named(CHOICES)
def test_a_choice_that_waits_stops_waiting_some_time(name, state):
    everywhere = dict(states())
    back = [rule for rule in state["Choices"] if everywhere[rule["Next"]]["Type"] == "Wait" or "Start" in rule["Next"]]
    assert [rule["Next"] for rule in back if not re.search(r"\.seconds < ", rule["Condition"])] == []


@named([(name, state) for name, state in states() if state["Type"] == "Fail"])
def test_a_fail_has_a_string_for_a_cause(name, state):
    """`&` makes a string of anything, also of nothing; a Cause that is no string fails the Fail state itself."""
    assert is_string(state["Cause"])


@named([(name, state) for name, state in states() if "Catch" in state])
def test_a_catch_takes_everything_and_survives_an_error_without_a_cause(name, state):
    assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    for rule in state["Catch"]:
        for string in strings(rule):
            assert "errorOutput.Cause" not in string or is_string(string)


def is_string(expression: str) -> bool:
    return not expression.startswith("{%") or " & " in expression or expression.startswith("{% $string(")


@named(MAPS)
def test_nothing_reads_what_a_map_returns(name, state):
    assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}
    assert "Output" in state
    assert [string for string in strings(own(state)) if "$states.result" in string] == []


def test_no_unhandled_failure_skips_the_clean_up():
    """Every state outside the branches that can fail after the claim is caught, and leads to cleaning up."""
    top = definition()["States"]
    can_fail = {name for name, state in top.items() if state["Type"] in ("Task", "Map", "Parallel")}
    assert {name for name in can_fail if "Catch" not in top[name]} == set()
    late = can_fail - {"Split", "Clean up after failure", "Notify of failure", "Fit models"}
    assert {top[name]["Catch"][-1]["Next"] for name in late} == {"Clean up after failure"}


def test_a_cancelled_branch_may_end_its_calls_before_the_clean_up():
    """AWS cancels a state, not its Lambda: a job or an endpoint may appear after the Parallel has failed."""
    top = definition()["States"]
    pause = top[top["Fit models"]["Catch"][-1]["Next"]]
    creators = ("StartTrainingFunction", "CreateEndpointFunction")
    assert pause["Next"] == "Clean up after failure"
    assert pause["Seconds"] > max(template()["Resources"][name]["Properties"]["Timeout"] for name in creators)
