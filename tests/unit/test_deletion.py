"""The deletion of a stack: what is stopped and deleted, and that CloudFormation is answered on every path."""

import types
import urllib.error
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

import sweep
from common import cloudformation, deletion
from tests.support.answers import listening
from tests.support.deleting import Clock, Cloud
from tests.unit.conftest import give

STATUS = {
    "Endpoint": "InService",
    "EndpointConfig": "made",
    "Model": "made",
    "TrainingJob": "InProgress",
    "TransformJob": "InProgress",
}


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(deletion, "time", made)
    monkeypatch.setattr(deletion, "POLL_SECONDS", 20)
    monkeypatch.setattr(cloudformation, "time", made)
    return made


@pytest.fixture
def aws(monkeypatch, clock, sagemaker, logs):
    """CloudFormation and Step Functions beside SageMaker and its logs."""
    made = Cloud(clock)
    give(monkeypatch, "cloudformation", made)
    give(monkeypatch, "stepfunctions", made)
    return made


@pytest.fixture
def there_are(sagemaker):
    """There is one of each kind, of the stack."""
    tags = {"Stack": "stocks"}
    for kind, status in STATUS.items():
        sagemaker.add(kind, "stocks-us-1", status, tags=tags)


def ask(kind="Delete", *statuses, seconds=900.0, **fields):
    """The answer to CloudFormation's request, which the sweep's function takes."""
    context: Any = types.SimpleNamespace(
        function_name="sweep", memory_limit_in_mb=256, invoked_function_arn="arn", aws_request_id="1",
        get_remaining_time_in_millis=lambda: seconds * 1000,
    )  # fmt: skip
    with listening(*statuses) as address:
        try:
            sweep.handler(address.request(kind, **fields), context)
        finally:
            (answer,) = address.answers
    assert answer["Status"] == "SUCCESS"
    return answer


def denied(operation) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, operation)


def test_nothing_is_left_of_a_run_that_was_under_way(aws, sagemaker, there_are, clock):
    aws.begin = {"e1": 0}
    assert ask()["Reason"] == deletion.NOTHING_LEFT
    assert list(aws.stopped) == ["e1"]
    assert [sagemaker.names(kind) for kind in list(STATUS)[:3]] == [[], [], []]
    assert [sagemaker.status(kind, "stocks-us-1") for kind in list(STATUS)[3:]] == ["Stopped", "Stopped"]
    assert deletion.PAUSE_SECONDS <= clock.now < deletion.PATIENCE_SECONDS


def test_what_a_stopped_executions_function_still_creates_goes_too(aws, sagemaker, clock, monkeypatch):
    """And an execution that was being started while the stack began to go."""
    aws.begin = {"e1": 0, "e2": 50}
    sleep = clock.sleep

    def create_late(seconds):
        sleep(seconds)
        if clock.now == 100:
            sagemaker.add("Endpoint", "stocks-us-1", "Creating", "Creating", "InService", tags={"Stack": "stocks"})

    monkeypatch.setattr(clock, "sleep", create_late)
    assert ask()["Reason"] == deletion.NOTHING_LEFT
    assert list(aws.stopped) == ["e1", "e2"]
    assert sagemaker.names("Endpoint") == []
    assert "DeleteEndpoint" in sagemaker.calls


def test_an_endpoint_that_is_being_created_is_waited_for_and_keeps_its_config_until_then(aws, sagemaker):
    sagemaker.add("Endpoint", "stocks-us-1", *["Creating"] * 8, "InService", tags={"Stack": "stocks"})
    sagemaker.add("EndpointConfig", "stocks-us-1", tags={"Stack": "stocks"})
    assert ask()["Reason"] == deletion.NOTHING_LEFT
    ends = [call for call in sagemaker.calls if call.startswith("Delete")]
    assert ends[-1] == "DeleteEndpointConfig"
    assert ends.count("DeleteEndpointConfig") == 1


def test_an_endpoint_that_stays_creating_is_named_and_told_with_what_it_uses(aws, sagemaker, topic, clock, there_are):
    sagemaker.add("Endpoint", "stocks-us-1", "Creating", tags={"Stack": "stocks"})
    published = topic()
    reason = ask()["Reason"]
    assert "endpoint stocks-us-1" in reason
    assert "Cannot update in-progress endpoint" in reason
    assert "endpoint config stocks-us-1, 0.0 hours old: its endpoint goes first" in reason
    assert "training job" not in reason
    (message,) = published
    assert message["Subject"] == "Leftovers of stocks: 3 still there"
    assert "- endpoint stocks-us-1" in message["Message"]
    assert clock.now == pytest.approx(deletion.PATIENCE_SECONDS, abs=21)


def test_another_stacks_resources_stay(aws, sagemaker):
    sagemaker.add("Endpoint", "stocks-b-us-1", "InService", tags={"Stack": "stocks-b"})
    assert ask()["Reason"] == deletion.NOTHING_LEFT
    assert sagemaker.status("Endpoint", "stocks-b-us-1") == "InService"


@pytest.mark.parametrize("operation", ["ListEndpoints", "ListTags", "DeleteEndpoint", "ListModels", "StopTrainingJob"])
def test_what_sagemaker_refuses_is_named_and_the_rest_goes(aws, sagemaker, there_are, topic, operation):
    sagemaker.refuse(operation, "not authorized", "AccessDeniedException")
    topic()
    assert f"AccessDeniedException) when calling the {operation} operation: not authorized" in ask()["Reason"]
    if operation in ("DeleteEndpoint", "ListEndpoints"):
        assert sagemaker.names("EndpointConfig") == ["stocks-us-1"], "an endpoint may be using it"
    if operation == "ListModels":
        assert sagemaker.names("Endpoint") == []
    if operation != "StopTrainingJob" and operation != "ListTags":
        assert sagemaker.status("TrainingJob", "stocks-us-1") == "Stopped"


@pytest.mark.parametrize("operation", ["ListExecutions", "StopExecution"])
def test_executions_that_cannot_be_stopped_are_named_and_what_they_have_goes(
    aws, sagemaker, there_are, topic, operation
):
    aws.begin, aws.refused = {"e1": 0}, {operation: denied(operation)}
    topic()
    reason = ask()["Reason"]
    assert f"when calling the {operation} operation: not authorized" in reason
    assert sagemaker.names("Endpoint") == []


def test_a_machine_that_somebody_deleted_has_no_executions(aws):
    aws.machine = False
    assert ask()["Reason"] == deletion.NOTHING_LEFT


def test_a_service_that_is_silent_for_a_while_is_asked_again(aws, sagemaker, there_are, clock, monkeypatch):
    aws.refused["ListExecutions"] = EndpointConnectionError(endpoint_url="https://states")
    sleep = clock.sleep

    def mend(seconds):
        sleep(seconds)
        if clock.now > 100:
            aws.refused.clear()

    monkeypatch.setattr(clock, "sleep", mend)
    assert ask()["Reason"] == deletion.NOTHING_LEFT
    assert clock.now > 100


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"])
def test_a_stack_that_stays_keeps_its_runs(aws, sagemaker, there_are, status):
    """An update that adds the custom resource and fails, or a rollback to a version without it, deletes it, too."""
    aws.begin, aws.status = {"e1": 0}, status
    assert status in ask()["Reason"]
    assert aws.stopped == {}
    assert sagemaker.calls == []


def test_a_first_deployment_that_fails_leaves_nothing(aws, sagemaker, there_are):
    aws.status = "ROLLBACK_IN_PROGRESS"
    assert ask()["Reason"] == deletion.NOTHING_LEFT
    assert sagemaker.names("Endpoint") == []


def test_where_the_stacks_status_is_not_told_it_is_taken_to_go(aws, sagemaker, there_are, topic):
    aws.refused["DescribeStacks"] = denied("DescribeStacks")
    topic()
    assert "whether the stack stays: " in ask()["Reason"]
    assert sagemaker.names("Endpoint") == []


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_creating_and_updating_do_nothing(aws, sagemaker, there_are, clock, kind):
    aws.refused = dict.fromkeys(("DescribeStacks", "ListExecutions"), denied("x"))
    assert ask(kind)["Reason"] == "There is nothing to do."
    assert (sagemaker.calls, clock.now) == ([], 0)


def test_the_answer_is_to_the_request_and_the_resource_keeps_its_id(aws):
    made = ask("Create", RequestId="r7")
    assert {name: made[name] for name in ("StackId", "RequestId", "LogicalResourceId")} == {
        "StackId": "arn:stack", "RequestId": "r7", "LogicalResourceId": "Leftovers",
    }  # fmt: skip
    assert ask("Update", PhysicalResourceId=made["PhysicalResourceId"])["PhysicalResourceId"] == "Leftovers"
    assert ask("Delete", PhysicalResourceId="older")["PhysicalResourceId"] == "older"


def test_it_answers_though_its_own_code_fails(aws, monkeypatch):
    monkeypatch.delenv("STATE_MACHINE_ARN")
    with pytest.raises(Exception, match="STATE_MACHINE_ARN is not set"):
        ask()


def test_the_answer_of_a_failure_says_so(aws, monkeypatch):
    monkeypatch.setattr(deletion, "clear", lambda *_: 1 / 0)
    with listening() as address:
        with pytest.raises(ZeroDivisionError):
            deletion.serve(address.request("Delete"), 900)
        (answer,) = address.answers
    assert answer["Status"] == "SUCCESS"
    assert "look what is left in SageMaker. ZeroDivisionError" in answer["Reason"]


def test_it_answers_in_time_though_little_is_left(aws, sagemaker, there_are, topic, clock):
    topic()
    assert "no time was left for it" in ask(seconds=60)["Reason"]
    assert clock.now < 60


def test_a_topic_that_is_gone_is_no_reason_not_to_answer(aws, sagemaker, there_are, stub):
    sagemaker.refuse("DeleteModel", "no", "AccessDeniedException")
    stub("sns").add_client_error("publish", "NotFound", "Topic does not exist")
    assert "the message of what is left: " in ask()["Reason"]


def test_an_answer_that_does_not_arrive_is_given_again(aws, clock):
    assert ask("Create", 503, 500)["Reason"] == "There is nothing to do."
    assert clock.now > 0


def test_an_address_that_takes_no_answer_is_told_in_the_log(aws):
    with listening(*[403] * cloudformation.TRIES) as address, pytest.raises(urllib.error.HTTPError, match="403"):
        deletion.serve(address.request("Create"), 900)
    assert (address.statuses, address.answers) == ([], [])


def test_the_answer_has_no_content_type_and_fits_whatever_is_left(aws, sagemaker, topic):
    """CloudFormation signs its address for an empty type, and takes 4,096 bytes."""
    topic()
    for number in range(60):
        sagemaker.add("Endpoint", f"stocks-us-{number}", "Creating", tags={"Stack": "stocks"})
    with listening() as address:
        deletion.serve(address.request("Delete"), 900)
        ((answer,), (headers,)) = address.answers, address.headers
    assert headers["Content-Type"] == ""
    assert int(headers["Content-Length"]) < 4096
    assert answer["Reason"].endswith("...")


def test_logs_of_endpoints_go_with_the_stack(aws, logs):
    for name, stack in {"stocks-us-1": "stocks", "stocks-b-us-1": "stocks-b"}.items():
        logs.create_log_group(logGroupName=f"/aws/sagemaker/Endpoints/{name}", tags={"Stack": stack})
    assert ask()["Reason"] == deletion.NOTHING_LEFT
    assert [group["logGroupName"][-13:] for group in logs.describe_log_groups()["logGroups"]] == ["stocks-b-us-1"]
