"""What starts executions and what executions start: the roles of the machines and of the rules."""

import json
import re

from tests.permissions import leases
from tests.permissions.policies import flattened
from tests.permissions.replay import DATASET, SECONDS, Replay, prices_csv
from tests.support.eventually import eventually
from tests.support.modes import answer_by

RULES = {"ForecastMachineUploadRole": "aws.s3", "CleanUpMachineBadEndRole": "aws.states"}  # and what they wait for


def refused_functions(replayed: Replay, role: str, machine: str) -> list[str]:
    """The functions that the machine was refused until its role was given them, one by one, and it succeeded.

    The forecast machine has to, in each of its modes.
    """
    policy, document = replayed.policy(role)
    others = [one for one in flattened(document) if one["Action"] != "lambda:InvokeFunction"]
    granted: list[str] = []

    def grant() -> None:
        invoke = [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn} for arn in granted]
        replayed.put(role, policy, {**document, "Statement": [*others, *invoke]})

    modes = ("transform", "realtime") if machine == replayed.outputs["StateMachineArn"] else ("realtime",)
    with replayed.statements(role, others):
        for mode in modes:
            answer_by(replayed.cloud, mode)
            while execution(replayed, machine, granted, grant) != "SUCCEEDED":
                pass
    return [replayed.logical(arn) for arn in granted]


def execution(replayed: Replay, machine: str, granted: list[str], grant) -> str:
    """How an execution ends whose role is granted each function as soon as it has been refused."""
    states, known = replayed.client("stepfunctions"), len(granted)
    arn = states.start_execution(stateMachineArn=machine, input=input_of(replayed, machine))["executionArn"]
    status = "RUNNING"
    while status == "RUNNING":
        status = states.describe_execution(executionArn=arn)["status"]
        for refused in refusals(replayed, arn):
            if refused not in granted:
                granted.append(refused)
                grant()
    assert status == "SUCCEEDED" or len(granted) > known, replayed.cloud.history(arn)[-3:]
    return status


def input_of(replayed: Replay, machine: str) -> str:
    """The dataset, to be run though nothing is new in it, or the end of a stopped execution, to be cleaned up after."""
    if machine != replayed.outputs["StateMachineArn"]:
        return json.dumps({"detail": {"executionArn": replayed.aborted, "status": "ABORTED"}})
    leases.free(replayed)  # an execution that may not clean up leaves its lease, and the next one would follow it
    bucket, key = replayed.outputs["IncomingBucket"], f"incoming/{DATASET}/"
    return json.dumps({"detail": {"bucket": {"name": bucket}, "object": {"key": key}}, "force": True})


def refusals(replayed: Replay, arn: str) -> list[str]:
    """The functions that the execution was not allowed to invoke."""
    causes = [event.get("taskFailedEventDetails", {}).get("cause", "") for event in replayed.cloud.history(arn)]
    pattern = r"not authorized to perform: lambda:InvokeFunction on resource: (\S+)"
    return [found[1] for cause in causes if (found := re.search(pattern, cause))]


def undelivered(replayed: Replay, role: str) -> dict:
    """The event that lands in the dead-letter queue when the rule's role may start nothing.

    The files are other datasets': one without a verdict would be waited for.
    """
    with replayed.statements(role, [{"Effect": "Deny", "Action": "states:StartExecution", "Resource": "*"}]):
        if RULES[role] == "aws.s3":
            put = {"Bucket": replayed.outputs["IncomingBucket"], "Key": "incoming/undelivered/undelivered.csv"}
            replayed.client("s3").put_object(**put, Body=prices_csv())
        else:
            arn = replayed.cloud.upload("incoming/stopped/stopped.csv", prices_csv())
            replayed.client("stepfunctions").stop_execution(executionArn=arn)
        return received(replayed)


def received(replayed: Replay) -> dict:
    queue, sqs = replayed.outputs["DeadLetterQueueUrl"], replayed.client("sqs")
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages", []), SECONDS)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"])
