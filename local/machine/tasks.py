"""Task states: a Lambda invoked with the machine's role, or one of MiniStack's other integrations."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from local import faults, ministack, permissions
from local.machine import jsonata
from local.machine.errors import Error
from local.machine.models import Branch, dump

LAMBDA_INVOKE = "arn:aws:states:::lambda:invoke"

# Threads outlive a task that timed out, so they are no part of the branch. None of them is waited for at exit.
_threads = ThreadPoolExecutor(max_workers=256, thread_name_prefix="task")


def run(branch: Branch, state: dict, data: Any) -> Any:
    """One attempt of the task: its result, which Output and Assign see as $states.result."""
    arguments = jsonata.field(branch, state, "Arguments", data, data)
    name = branch.context["State"]["Name"]
    what = _names(state["Resource"])
    timeout = jsonata.typed(branch, state, "TimeoutSeconds", "number", data) if "TimeoutSeconds" in state else None
    scheduled = {**what, "region": ministack.get_region(), "parameters": dump(arguments, name)}
    if timeout:
        scheduled["timeoutInSeconds"] = timeout
    branch.log("TaskScheduled", taskScheduledEventDetails=scheduled)
    branch.log("TaskStarted", taskStartedEventDetails=what)
    call = _invoke if state["Resource"] == LAMBDA_INVOKE else ministack.invoke_resource
    first = branch.run.role_arn if call is _invoke else state["Resource"]
    fault = faults.take("task_fails", f'"{name}" {branch.run.record["input"]}')
    try:
        if fault and not fault.get("after"):
            raise Error(fault["error"], fault.get("cause", ""))
        future = _threads.submit(copy_context().run, call, first, arguments)
        result = branch.await_call(name, future, timeout)
        text = dump(result, name)
        if fault:
            branch.await_entry(fault.get("until", name))
            raise Error(fault["error"], fault.get("cause", ""))
    except Error as error:
        kind = "TimedOut" if error.error == "States.Timeout" else "Failed"
        detail = {**what, "error": error.error, "cause": error.cause}
        branch.log(f"Task{kind}", **{f"task{kind}EventDetails": detail})
        raise
    branch.log("TaskSucceeded", taskSucceededEventDetails={**what, "output": text})
    return result


def _invoke(role_arn: str, arguments: dict) -> dict:
    """Invoke the function as the machine's role may."""
    reference = arguments["FunctionName"]
    _record, config, _name = ministack.function_record(reference)
    arn = reference if reference.startswith("arn:") or not config else config["FunctionArn"]
    if not permissions.role_allows(role_arn, "lambda:InvokeFunction", arn):
        raise Error("Lambda.AWSLambdaException", _denied(role_arn, arn))
    function = ministack.resolve_function(reference, optimized=True)
    payload = ministack.call_lambda(function, arguments.get("Payload", {}))
    return {"ExecutedVersion": config["Version"], "Payload": payload, "StatusCode": 200}


def _denied(role_arn: str, arn: str) -> str:
    session = permissions.session_arn(role_arn, "StepFunctions")
    return (
        f"User: {session} is not authorized to perform: lambda:InvokeFunction on resource: {arn} because no "
        "identity-based policy allows the lambda:InvokeFunction action (Service: Lambda, Status Code: 403)"
    )


def _names(resource: str) -> dict:
    """How the history names a resource: arn:aws:states:::lambda:invoke is resource invoke of type lambda."""
    kind, _, action = resource.removeprefix("arn:aws:states:::").rpartition(":")
    return {"resourceType": kind, "resource": action}
