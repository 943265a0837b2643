"""What starts executions and what executions start: the roles of the machines and of the rules."""

import json
import re
import time

from tests.faults.grants import flattened
from tests.faults.stage import DATASET, SECONDS, Stage, prices

RULES = {"ForecastMachineUploadRole": "aws.s3", "CleanUpMachineBadEndRole": "aws.states"}  # and what they wait for


def refused_functions(stage: Stage, role: str, machine: str) -> list[str]:
    """The functions that the machine was refused until its role was given them, one by one, and it succeeded."""
    policy, document = stage.policy(role)
    others = [one for one in flattened(document) if one["Action"] != "lambda:InvokeFunction"]
    granted: list[str] = []

    def grant() -> None:
        invoke = [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn} for arn in granted]
        stage.put(role, policy, {**document, "Statement": [*others, *invoke]})

    with stage.statements(role, others):
        while execution(stage, machine, granted, grant) != "SUCCEEDED":
            pass
    return [stage.logical(arn) for arn in granted]


def execution(stage: Stage, machine: str, granted: list[str], grant) -> str:
    """How an execution ends whose role is granted each function as soon as it has been refused."""
    states, known = stage.client("stepfunctions"), len(granted)
    arn = states.start_execution(stateMachineArn=machine, input=input_of(stage, machine))["executionArn"]
    status = "RUNNING"
    while status == "RUNNING":
        status = states.describe_execution(executionArn=arn)["status"]
        for refused in refusals(stage, arn):
            if refused not in granted:
                granted.append(refused)
                grant()
    assert status == "SUCCEEDED" or len(granted) > known, stage.cloud.history(arn)[-3:]
    return status


def input_of(stage: Stage, machine: str) -> str:
    """The upload whose execution was stopped, to be run again, or that execution's end, to be cleaned up after."""
    if machine == stage.outputs["StateMachineArn"]:
        return stage.client("stepfunctions").describe_execution(executionArn=stage.aborted)["input"]
    return json.dumps({"detail": {"executionArn": stage.aborted, "status": "ABORTED"}})


def refusals(stage: Stage, arn: str) -> list[str]:
    """The functions that the execution was not allowed to invoke."""
    causes = [event.get("taskFailedEventDetails", {}).get("cause", "") for event in stage.cloud.history(arn)]
    pattern = r"not authorized to perform: lambda:InvokeFunction on resource: (\S+)"
    return [found[1] for cause in causes if (found := re.search(pattern, cause))]


def undelivered(stage: Stage, role: str) -> dict:
    """The event that lands in the dead-letter queue when the rule's role may start nothing."""
    with stage.statements(role, [{"Effect": "Deny", "Action": "states:StartExecution", "Resource": "*"}]):
        if RULES[role] == "aws.s3":
            put = {"Bucket": stage.outputs["IncomingBucket"], "Key": f"incoming/{DATASET}/undelivered.csv"}
            stage.client("s3").put_object(**put, Body=prices())
        else:
            arn = stage.cloud.upload(f"incoming/{DATASET}/stopped.csv", prices())
            stage.client("stepfunctions").stop_execution(executionArn=arn)
        return received(stage)


def received(stage: Stage) -> dict:
    queue, sqs = stage.outputs["DeadLetterQueueUrl"], stage.client("sqs")
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=queue).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return json.loads(message["Body"])
        time.sleep(0.1)
    raise AssertionError("no event came to the dead-letter queue")
