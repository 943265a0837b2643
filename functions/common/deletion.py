"""What happens before CloudFormation deletes the stack: executions are stopped, and nothing of theirs stays.

CloudFormation asks by a custom resource, and waits for the answer. The answer is always a success: a failure would
keep the stack and mend nothing. What could not be deleted is its reason, and a message to the topic.
"""

import contextlib
import time
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from common import aws, cloudformation, endpoint_logs, leftovers, messages, telemetry
from common.events import SweepEvent
from common.leftovers import Resource
from common.settings import Settings, settings

PATIENCE_SECONDS = 600  # SageMaker deletes no endpoint that is still being created, which takes it some minutes
# A stopped execution's function goes on: longer than those may take that create something, as "Let calls end" is.
PAUSE_SECONDS = 60
POLL_SECONDS = 5
ANSWER_SECONDS = 120  # of the function's time are for a call that is under way, the message and the answer
NOTHING_LEFT = "Nothing of the stack is left in SageMaker."


def serve(event: SweepEvent, remaining: float) -> None:
    """Do what CloudFormation asks for, and answer it whatever happens, within the seconds that remain."""
    reason = "The function failed before it was done: look what is left in SageMaker."
    try:
        seconds = min(PATIENCE_SECONDS, remaining - ANSWER_SECONDS)
        reason = delete(event["StackId"], seconds) if event["RequestType"] == "Delete" else "There is nothing to do."
    except Exception as error:
        reason += f" {error!r}"
        raise
    finally:
        telemetry.logger.info("answering CloudFormation", reason=reason)
        cloudformation.answer(event, reason)


def delete(stack_id: str, seconds: float) -> str:
    """Leave nothing of a stack that is being deleted; a sentence says what is left."""
    setting, left = settings(), list[str]()
    with noting(left, "whether the stack stays"):
        if status := cloudformation.staying(stack_id):
            # An update that adds the custom resource and is rolled back deletes it, too.
            return f"The stack stays, since it is {status}, and so does everything of its runs."
    left += clear(setting, seconds)
    if not left:
        with noting(left, "the log groups of endpoints"):
            endpoint_logs.delete(setting.stack_name, 0)
            return NOTHING_LEFT
    with noting(left, "the message of what is left"):
        report(setting, left)
    return f"Still there, and it may cost money: {'; '.join(left)}"


def report(setting: Settings, left: list[str]) -> None:
    """Tell the topic's subscribers, since few read a deleted stack's events."""
    lines = [f"The stack {setting.stack_name} is being deleted. This is still there, and it may cost money:"]
    lines += [f"- {one}" for one in left]
    lines += ["", "Nothing of the stack will delete it any more: do so in the SageMaker console."]
    messages.publish(setting.topic_arn, f"Leftovers of {setting.stack_name}: {len(left)} still there", "\n".join(lines))


@contextlib.contextmanager
def noting(left: list[str], what: object) -> Iterator[None]:
    """Add to the list what AWS refuses or does not answer."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        left.append(f"{what}: {error}")


def clear(setting: Settings, seconds: float) -> list[str]:
    """Stop and delete until nothing is left and nothing can be created any more; what is left then, with the reason."""
    until = time.monotonic() + seconds
    quiet = time.monotonic() + PAUSE_SECONDS
    while True:
        left: list[str] = []
        if stop_executions(setting.state_machine_arn, left):
            quiet = time.monotonic() + PAUSE_SECONDS
        end_resources(setting.stack_name, until, left)
        now = time.monotonic()
        if now >= until or (not left and now >= quiet):
            return left
        time.sleep(POLL_SECONDS)


def stop_executions(machine: str, left: list[str]) -> bool:
    """Whether one ran. An upload no longer starts any: its rule goes before the custom resource."""
    client, found = aws.states(), False
    pages = client.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    with noting(left, "every execution"), contextlib.suppress(client.exceptions.StateMachineDoesNotExist):
        for execution in (one for page in pages for one in page["executions"]):
            found, arn = True, execution["executionArn"]
            with noting(left, f"execution {execution['name']}"):
                client.stop_execution(executionArn=arn, error="Deleted", cause="its stack is being deleted")
                left.append(f"execution {execution['name']}: it was still running")
    return found


def end_resources(stack: str, until: float, left: list[str]) -> None:
    """Ask everything to end that is the stack's; what is not gone yet is left."""
    endpoints: set[str] | None = None  # that are there, by name; None: they could not be listed
    for kind in (*leftovers.KINDS, *leftovers.STOPPING):
        with noting(left, f"every {kind.word}"):
            listed = list(leftovers.alike(stack, (kind,)))
            if kind is leftovers.ENDPOINT:
                endpoints = {resource.name for resource in listed}
            for resource in listed:
                if time.monotonic() > until:
                    left.append(f"{resource}: no time was left for it")
                    continue
                with noting(left, resource):
                    if leftovers.is_ours(resource, stack):
                        left += end(resource, endpoints)


def end(resource: Resource, endpoints: set[str] | None) -> list[str]:
    """Delete or stop it; a line where it is still there afterwards."""
    # An endpoint that is being created needs its config and model, and one without its config hides its instances.
    if resource.kind in (leftovers.CONFIG, leftovers.MODEL) and (endpoints is None or resource.name in endpoints):
        return [f"{resource}: its endpoint goes first"]
    if resource.status in ("Deleting", "Stopping"):
        return [f"{resource}: it is {resource.status}"]
    try:
        leftovers.end(resource)
    except ClientError as error:
        if not leftovers.is_over(resource, error):
            raise
    lasts = resource.kind in (leftovers.ENDPOINT, *leftovers.JOBS)
    return [f"{resource}: it has been asked to end"] if lasts else []
