"""The state machine engine against what Step Functions does."""

import json
import time

from tests.unit.local.conftest import zip_files

FAILING = """
class TickerError(Exception):
    pass

def handler(event, context):
    if event.get("fail"):
        raise TickerError("no rows for " + event["fail"])
    return event
"""


def task(function, payload, **fields):
    arguments = {"FunctionName": function, "Payload": payload}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments, **fields}


def names(events, kind):
    return [event["stateEnteredEventDetails"]["name"] for event in events if event["type"] == kind]


def branch(**states):
    return {"StartAt": next(iter(states)), "States": states}


def test_a_parallel_applies_its_arguments_output_and_assign(execute):
    states = {
        "Both": {
            "Type": "Parallel",
            "Arguments": {"doubled": "{% $states.input.n * 2 %}"},
            "Branches": [
                branch(A={"Type": "Pass", "End": True}),
                branch(B={"Type": "Pass", "Output": "b", "End": True}),
            ],
            "Assign": {"second": "{% $states.result[1] %}"},
            "Output": {"first": "{% $states.result[0].doubled %}"},
            "Next": "End",
        },
        "End": {"Type": "Succeed", "Output": {"in": "{% $states.input %}", "second": "{% $second %}"}},
    }
    described, _ = execute(states, "Both", {"n": 3})
    assert json.loads(described["output"]) == {"in": {"first": 6}, "second": "b"}


def test_a_variable_does_not_leave_its_branch(execute):
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                branch(
                    A={"Type": "Pass", "Assign": {"x": 1}, "Next": "A2"},
                    A2={"Type": "Pass", "Output": "{% $x %}", "End": True},
                ),
                branch(
                    B={"Type": "Wait", "Seconds": 1, "Next": "B2"},
                    B2={"Type": "Pass", "Output": "{% $exists($x) %}", "End": True},
                ),
            ],
            "Next": "End",
        },
        "End": {"Type": "Succeed", "Output": {"branches": "{% $states.input %}", "outside": "{% $exists($x) %}"}},
    }
    described, _ = execute(states, "Both")
    assert json.loads(described["output"]) == {"branches": [1, False], "outside": False}


def test_assign_sees_the_values_from_before_the_state(execute):
    states = {
        "One": {"Type": "Pass", "Assign": {"a": 1}, "Next": "Two"},
        "Two": {"Type": "Pass", "Assign": {"a": 2, "b": "{% $a %}"}, "Output": {"a": "{% $a %}"}, "Next": "End"},
        "End": {"Type": "Succeed", "Output": "{% [$a, $b, $states.input.a] %}"},
    }
    described, _ = execute(states, "One")
    assert json.loads(described["output"]) == [2, 1, 1]


def test_a_failing_branch_ends_its_siblings(execute):
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                branch(
                    Soon={"Type": "Wait", "Seconds": 1, "Next": "Bad"},
                    Bad={"Type": "Fail", "Error": "TooFewRows", "Cause": "{% 'n is ' & $string($states.input.n) %}"},
                ),
                branch(Slow={"Type": "Wait", "Seconds": 40, "End": True}),
            ],
            "End": True,
        }
    }
    described, events = execute(states, "Both", {"n": 3})
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "TooFewRows", "n is 3")
    assert [event["type"] for event in events][-3:] == ["WaitStateAborted", "ParallelStateFailed", "ExecutionFailed"]
    left = [event["stateExitedEventDetails"]["name"] for event in events if "stateExitedEventDetails" in event]
    assert left == ["Soon"]


def test_an_error_in_a_branch_reaches_the_parallels_catch(execute):
    catcher = {"ErrorEquals": ["Oops"], "Assign": {"e": "{% $states.errorOutput %}"}, "Output": "caught", "Next": "End"}
    states = {
        "Both": {"Type": "Parallel", "Branches": [branch(Bad={"Type": "Fail", "Error": "Oops", "Cause": "why"})],
                 "Catch": [catcher], "End": True},
        "End": {"Type": "Succeed", "Output": {"in": "{% $states.input %}", "e": "{% $e %}"}},
    }  # fmt: skip
    described, _ = execute(states, "Both")
    assert json.loads(described["output"]) == {"in": "caught", "e": {"Error": "Oops", "Cause": "why"}}


def test_a_map_runs_its_items_within_limits_and_its_states_are_in_the_history(execute):
    states = {
        "Each": {
            "Type": "Map",
            "Items": "{% [0..$states.input.shards - 1] %}",
            "MaxConcurrency": 2,
            "ItemSelector": {"shard": "{% $states.context.Map.Item.Value %}"},
            "ItemProcessor": branch(Inner={"Type": "Pass", "Assign": {"x": 1}, "End": True}),
            "Output": "{% $states.result.shard %}",
            "End": True,
        }
    }
    described, events = execute(states, "Each", {"shards": 3})
    assert json.loads(described["output"]) == [0, 1, 2]
    assert names(events, "PassStateEntered") == ["Inner"] * 3
    assert sum(event["type"] == "MapIterationSucceeded" for event in events) == 3


def test_a_machine_that_takes_too_long_is_timed_out(execute):
    described, events = execute({"Slow": {"Type": "Wait", "Seconds": 40, "End": True}}, "Slow", TimeoutSeconds=1)
    assert described["status"] == "TIMED_OUT"
    assert events[-1]["type"] == "ExecutionTimedOut"


def test_stop_execution_interrupts_a_wait(execute, laptop):
    arn = execute.start({"Slow": {"Type": "Wait", "Seconds": 40, "End": True}}, "Slow")
    laptop("stepfunctions").stop_execution(executionArn=arn, cause="enough")
    described, events = execute.finish(arn)
    time.sleep(0.5)
    assert described["status"] == "ABORTED"
    assert events[-1]["type"] == "ExecutionAborted"


def test_a_condition_that_is_no_boolean_fails(execute):
    states = {"Which": {"Type": "Choice", "Choices": [{"Condition": "{% 'yes' %}", "Next": "End"}], "Default": "End"},
              "End": {"Type": "Succeed"}}  # fmt: skip
    described, _ = execute(states, "Which")
    assert described["error"] == "States.QueryEvaluationError"


def test_an_exceptions_class_is_the_error_that_retry_and_catch_match(execute, make_function):
    function = make_function("failing", FAILING)
    retry = {
        "ErrorEquals": ["TickerError"],
        "MaxAttempts": 2,
        "IntervalSeconds": 1,
        "MaxDelaySeconds": 2,
        "JitterStrategy": "FULL",
    }
    cause = "{% $parse($states.errorOutput.Cause).errorMessage %}"
    catch = {"ErrorEquals": ["TickerError"], "Output": {"cause": cause}, "Next": "End"}
    states = {
        "Work": task(function, {"fail": "AAPL"}, Retry=[retry], Catch=[catch], End=True),
        "End": {"Type": "Succeed"},
    }
    described, events = execute(states, "Work", functions=[function])
    assert json.loads(described["output"]) == {"cause": "no rows for AAPL"}
    assert [event["type"] for event in events].count("TaskFailed") == 3


def test_a_task_has_its_timeout(execute, make_function):
    function = make_function("sleeping", "import time\ndef handler(event, context):\n    time.sleep(8)\n")
    states = {"Work": task(function, {}, TimeoutSeconds="{% $states.input.limit %}", End=True)}
    described, events = execute(states, "Work", {"limit": 1}, functions=[function])
    assert described["error"] == "States.Timeout"
    assert "TaskTimedOut" in [event["type"] for event in events]


def test_a_machine_invokes_functions_with_its_own_role(execute, make_function):
    function = make_function("forbidden", FAILING)
    described, _ = execute({"Work": task(function, {}, End=True)}, "Work")
    assert described["error"] == "Lambda.AWSLambdaException"
    assert "is not authorized to perform: lambda:InvokeFunction on resource: " + function in described["cause"]


def test_a_task_that_names_a_version_has_its_code_whatever_the_function_is_by_now(execute, make_function, laptop):
    source = "def handler(event, context):\n    return [%d, context.function_version, context.log_stream_name[11:14]]\n"
    function = make_function("numbered", source % 1)
    client = laptop("lambda")
    version = client.publish_version(FunctionName=function)["FunctionArn"]
    client.update_function_code(FunctionName=function, ZipFile=zip_files({"work.py": source % 2}))
    states = {name: task(arn, {}, Output="{% $states.result %}") for name, arn in (("Old", version), ("New", function))}
    states["Old"]["Next"], states["New"]["End"] = "New", True
    described, events = execute(states, "Old", functions=[f"{function}:*", function])
    ended = [json.loads(one["stateExitedEventDetails"]["output"]) for one in events if "stateExitedEventDetails" in one]
    assert [(one["Payload"], one["ExecutedVersion"]) for one in ended] == [
        ([1, "1", "[1]"], "1"),
        ([2, "$LATEST", "[$L"], "$LATEST"),
    ], described
    described, _ = execute({"Work": task(version, {}, End=True)}, "Work", functions=[function])
    assert f"is not authorized to perform: lambda:InvokeFunction on resource: {version}" in described["cause"]


def test_results_beyond_256_kib_fail(execute, make_function):
    function = make_function("large", "def handler(event, context):\n    return 'x' * 300_000\n")
    states = {
        "Work": task(function, {}, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "End"}], End=True),
        "End": {"Type": "Succeed"},
    }
    described, _ = execute(states, "Work", functions=[function])
    assert described["error"] == "States.DataLimitExceeded"
