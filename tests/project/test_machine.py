"""The definitions against what Step Functions demands, and against the functions and errors that they name."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from common import errors
from common.sagemaker import ATTEMPTS
from tests.support.template import (
    MACHINES,
    ROOT,
    all_states,
    definition,
    function_of,
    functions,
    longest,
    own,
    reached,
    resources,
    states,
    strings,
    template,
)

AWS_ERRORS = {
    "States.ALL", "States.Timeout", "Runtime.ExitError", "Runtime.OutOfMemory", "Sandbox.Timedout", "Lambda.Unknown",
    "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException", "Lambda.TooManyRequestsException",
}  # fmt: skip
TRANSIENT = {"Transient", "Lambda.ServiceException", "Lambda.SdkClientException"}
THROTTLED = "Lambda.TooManyRequestsException"
BOUNDS_ITSELF = {"Wait for uploads": "Gather"}  # a wait, and the step that ends it: see test_limits.py
JSONPATH = re.compile(r"InputPath|OutputPath|ResultPath|ResultSelector|Parameters|QueryLanguage|\w+Path|.*\.\$")
CREATORS = ("StartTrainingFunction", "CreateEndpointFunction", "StartTransformFunction")


def of_type(*kinds):
    return [triple for triple in all_states() if triple[2]["Type"] in kinds]


TASKS, MAPS, CHOICES = of_type("Task"), of_type("Map"), of_type("Choice")


def named(triples):
    return pytest.mark.parametrize(
        ("machine", "name", "state"), triples, ids=[f"{machine}: {name}" for machine, name, _ in triples]
    )


def each_machine(test):
    return pytest.mark.parametrize(("resource", "machine"), MACHINES.items())(test)


def test_every_machine_is_tested():
    assert set(MACHINES) == set(resources("AWS::Serverless::StateMachine"))
    assert {f"{name}.{kind}" for name in MACHINES.values() for kind in ("yaml", "asl.json")} == {
        file.name for file in (ROOT / "statemachine").iterdir()
    }


@each_machine
def test_the_validator_accepts_the_definition(tmp_path, resource, machine):
    text = re.sub(
        r"\$\{(\w+)\}", "10", (ROOT / "statemachine" / f"{machine}.asl.json").read_text().replace("${Partition}", "aws")
    )
    copy = tmp_path / "copy.asl.json"
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


@each_machine
def test_every_placeholder_is_substituted_and_every_substitution_used(resource, machine):
    used = {name for string in strings(definition(machine)) for name in re.findall(r"\$\{(\w+)\}", string)}
    assert used == set(resources("AWS::Serverless::StateMachine")[resource]["DefinitionSubstitutions"])


@each_machine
def test_everything_is_jsonata(resource, machine):
    assert definition(machine)["QueryLanguage"] == "JSONata"
    assert [(name, key) for _, name, state in all_states() for key in state if JSONPATH.fullmatch(key)] == []


def test_every_function_is_a_step_a_schedule_or_an_alarms_action_of_one_name():
    by_module = {properties["Handler"].removesuffix(".handler"): name for name, properties in functions().items()}
    invoked = {name.replace(" ", "_").lower(): function_of(state) for _, name, state in TASKS}
    scheduled = {name for name, properties in functions().items() if "Events" in properties}
    scheduled |= {permission["FunctionName"]["Ref"] for permission in resources("AWS::Lambda::Permission").values()}
    for module, function in by_module.items():
        assert function == "".join(map(str.capitalize, module.split("_"))) + "Function"
        assert (ROOT / "functions" / f"{module}.py").exists(), f"{function} has no module"
        assert (invoked.get(module) == function) != (function in scheduled), f"nothing is named after {function}"
    assert set(invoked.values()) | scheduled == set(functions())


@named(TASKS)
def test_a_task_outlives_its_function(machine, name, state):
    assert state["Resource"] == "arn:${Partition}:states:::lambda:invoke"
    assert longest(state) > functions()[function_of(state)]["Timeout"]


@named(TASKS)
def test_a_task_retries_transient_errors_with_jitter(machine, name, state):
    (retrier,) = (rule for rule in state["Retry"] if "Transient" in rule["ErrorEquals"])
    assert set(retrier["ErrorEquals"]) >= TRANSIENT
    assert retrier["JitterStrategy"] == "FULL"
    assert retrier["MaxAttempts"] >= 3


@named(TASKS)
def test_a_throttle_of_lambda_is_retried_for_longer_than_other_errors(machine, name, state):
    """500 files dropped at once want a function each, and an account has few."""
    (retrier,) = (rule for rule in state["Retry"] if THROTTLED in rule["ErrorEquals"])
    assert retrier["ErrorEquals"] == [THROTTLED]
    assert (retrier["MaxAttempts"], retrier["MaxDelaySeconds"], retrier["JitterStrategy"]) == (40, 60, "FULL")


def test_both_machines_retry_the_same_errors_alike():
    """A step of both has one reason to be retried; each machine's YAML says the rules once."""
    rules = {
        machine: {
            tuple(rule["ErrorEquals"]): rule for _, state in states(definition(machine)) for rule in retries(state)
        }
        for machine in MACHINES.values()
    }
    assert len(rules["clean_up"]) == 4
    assert rules["clean_up"].items() <= rules["forecast"].items()


def retries(state: dict) -> list[dict]:
    """The Retry of a state, but for QuotaReached, of which a job and an endpoint wait for differently long."""
    return [rule for rule in state.get("Retry", []) if rule["ErrorEquals"] != ["QuotaReached"]]


def test_every_error_that_is_matched_exists():
    classes = {name for name, _ in inspect.getmembers(errors, inspect.isclass)}
    rules = [rule for _, _, state in all_states() for rule in [*state.get("Retry", []), *state.get("Catch", [])]]
    matched = {name for rule in rules for name in rule["ErrorEquals"]}
    assert matched - classes - AWS_ERRORS == set()


@named(CHOICES)
def test_a_choice_defaults_to_a_failure(machine, name, state):
    everywhere, following = dict(states(definition(machine))), state["Default"]
    while "Next" in everywhere[following]:
        following = everywhere[following]["Next"]
    assert everywhere[following]["Type"] == "Fail"


@named(CHOICES)
def test_a_choice_that_waits_stops_waiting_some_time(machine, name, state):
    everywhere = dict(states(definition(machine)))
    back = [rule for rule in state["Choices"] if name in reached(everywhere, rule["Next"])]
    unbounded = [rule["Next"] for rule in back if not re.search(r"\.seconds < |\$attempt < \d", rule["Condition"])]
    assert [wait for wait in unbounded if everywhere[wait]["Next"] != BOUNDS_ITSELF.get(wait)] == []


@named(CHOICES)
def test_attempts_are_counted_and_as_many_as_clean_up_looks_for(machine, name, state):
    everywhere = dict(states(definition(machine)))
    for rule in state["Choices"]:
        for most in re.findall(r"\$attempt < (\d)", rule["Condition"]):
            assert everywhere[rule["Next"]]["Assign"] == {"attempt": "{% $attempt + 1 %}"}
            assert int(most) == ATTEMPTS - 1


def test_the_first_rule_of_a_choice_is_the_way_on():
    """The picture of the machine follows it, so it must lead to the end of a run that publishes, without a wait."""
    top = definition()["States"]
    way, name = [], definition()["StartAt"]
    while name:
        assert top[name]["Type"] != "Wait" or name == f"Wait for {way[-1].removeprefix('Start ')}", name
        way.append(name)
        name = top[name]["Choices"][0]["Next"] if top[name]["Type"] == "Choice" else top[name].get("Next", "")
    assert (way[-2], top[way[-1]]["Type"], len(way)) == ("Notify", "Succeed", len(set(way)))


@named(of_type("Fail"))
def test_a_fail_has_a_string_for_a_cause(machine, name, state):
    """`&` makes a string of anything, also of nothing; a Cause that is no string fails the Fail state itself."""
    assert is_string(state["Cause"])


@named([triple for triple in all_states() if "Catch" in triple[2]])
def test_a_catch_takes_everything_and_survives_an_error_without_a_cause(machine, name, state):
    assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    for rule in state["Catch"]:
        for string in strings(rule):
            assert "errorOutput.Cause" not in string or is_string(string)


def is_string(expression: str) -> bool:
    return not expression.startswith("{%") or " & " in expression or expression.startswith("{% $string(")


@named(MAPS)
def test_nothing_reads_what_a_map_returns(machine, name, state):
    assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}
    assert "Output" in state
    assert [string for string in strings(own(state)) if "$states.result" in string] == []


def test_no_unhandled_failure_skips_the_clean_up():
    """Every state outside the branches that can fail once the run leads is caught, and leads to cleaning up."""
    top = definition()["States"]
    can_fail = {name for name, state in top.items() if state["Type"] in ("Task", "Map", "Parallel")}
    assert {name for name in can_fail if "Catch" not in top[name]} == set()
    late = can_fail - {"Split", "Clean up after failure", "Notify of failure", "Fit models"}
    assert {top[name]["Catch"][-1]["Next"] for name in late} == {"Clean up after failure"}


def longest_creation() -> int:
    return max(template()["Resources"][name]["Properties"]["Timeout"] for name in CREATORS)


def test_a_cancelled_branch_may_end_its_calls_before_the_clean_up():
    """AWS cancels a state, not its Lambda: a job or an endpoint may appear after the Parallel has failed."""
    top = definition()["States"]
    pause = top[top["Fit models"]["Catch"][-1]["Next"]]
    assert pause["Next"] == "Clean up after failure"
    assert pause["Seconds"] > longest_creation()


def test_an_ended_executions_calls_end_before_the_clean_up():
    clean_up = definition("clean_up")
    pause = clean_up["States"][clean_up["StartAt"]]
    assert pause["Type"] == "Wait"
    assert pause["Seconds"] > longest_creation()


def test_the_clean_up_machine_ends_green_only_after_cleaning_up():
    top = definition("clean_up")["States"]
    assert top["Find run"]["Catch"][-1]["Next"] == top["Clean up"]["Catch"][-1]["Next"] == "Notify of failure"
    assert {rule["Next"] for rule in top["Notify of failure"]["Catch"]} == {top["Notify of failure"]["Next"]}
    assert top[top["Notify of failure"]["Next"]]["Type"] == "Fail"


def test_every_end_that_catch_does_not_see_starts_the_clean_up_machine():
    event = resources("AWS::Serverless::StateMachine")["CleanUpMachine"]["Events"]["BadEnd"]["Properties"]
    assert event["Pattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [{"Ref": "ForecastMachine"}], "status": ["ABORTED", "TIMED_OUT", "FAILED"]},
    }
