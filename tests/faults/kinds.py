"""The kinds of faults and of runs that the catalogue is made of."""

import dataclasses
import json

from tests.faults.model import AFTER_FAILURE, CALLS, Fault, Run, call_fails, refusal, task_fails

PATIENT = ("s3", "sagemaker-runtime")  # services of which functions/common/aws.py asks more often


def tries_of_call(state: str) -> int:
    """How often botocore makes the call of CALLS before the step gives up."""
    service, operation = CALLS[state].split()[1].split(":")
    return 6 if service in PATIENT or operation == "InvokeEndpoint" else 3


TIMED_OUT = json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": "Error: Task timed out after 900.00 seconds"})


WRITERS = (
    "Split",
    "Gather",
    "Merge",
    "Check data",
    "Scale",
    "Baseline",
    "Start training",
    "Forecast",
    "Calibrate",
    "Publish",
    "Summarize",
    "Hand over",
)


# In an answer without an LSTM's forecasts, which are 0: the first price, expected move, and LSTM's forecast.
NUMBER = r"-?\d+\.\d+(e-?\d+)?"
PRICE, EXPECTED_MOVE, LSTM = rf"(?<=, ){NUMBER}", rf"{NUMBER}(?=\])", r"0\.0(?=, ([^,]+))"


def throttled(state: str) -> Fault:
    return call_fails(state, "throttled", tries_of_call(state), ("Transient",), **refusal(state, "throttled"))


def denied(state: str) -> Fault:
    errors = {"s3": "AccessDenied", "glue": "AccessDeniedException", "sns": "AuthorizationErrorException"}
    error = errors.get(CALLS[state].split()[1].partition(":")[0], "ClientError")
    return call_fails(state, "denied", 1, (error,), **refusal(state, "denied"))


def too_many(state: str, times: int = 1) -> Fault:
    cause = "Rate Exceeded. (Service: Lambda, Status Code: 429)"
    return task_fails(state, "Lambda busy", "Lambda.TooManyRequestsException", times, cause=cause)


def service_error(state: str) -> Fault:
    cause = "ServiceException (Service: Lambda, Status Code: 500)"
    return task_fails(state, "Lambda broken", "Lambda.ServiceException", cause=cause)


def late_function(state: str, times: int = 1, **more: str) -> Fault:
    """The function does its work, and its answer comes too late."""
    return task_fails(state, "function timeout", "Sandbox.Timedout", times, cause=TIMED_OUT, after=True, **more)


def name_taken(state: str) -> Fault:
    """The function's answer is lost, and its next try finds that what it creates exists."""
    return dataclasses.replace(late_function(state), kind="name taken")


def late_task(state: str, times: int = 1) -> Fault:
    return task_fails(state, "task timeout", "States.Timeout", times, after=True)


def dies(state: str, times: int = 1) -> Fault:
    """The function is killed right after its first write."""
    function = CALLS[state].split()[:1]
    return Fault(state, "crash mid-write", "function_dies", {}, tuple(function), ("Runtime.ExitError",) * times, times)


def contended(state: str, kind: str, times: int, errors: tuple[str, ...] = (), **answer) -> Fault:
    """Whenever the function writes the lease, `times` times, S3 says that another has been or is just writing it."""
    function, call = CALLS[state].split()[0], "s3:PUT"
    return Fault(state, kind, "call_fails", answer, (function, call, "/leads/"), errors, times)


def overtaken(state: str, times: int = 3, errors: tuple[str, ...] = ()) -> Fault:
    answer = {"status": 412, "code": "PreconditionFailed", "message": "At least one of the preconditions did not hold"}
    return contended(state, "lease written meanwhile", times, errors, **answer)


def in_flight(state: str) -> Fault:
    message = "The conditional request cannot succeed due to a conflicting operation against this resource."
    answer = {"status": 409, "code": "ConditionalRequestConflict", "message": message}
    return contended(state, "lease being written", 1, ("Transient",), **answer)


def stops(state: str) -> Fault:
    return Fault(state, "stopped by a person", "execution_stops", {}, (f'"{state}"',))


def survived(name: str, faults: list[Fault], quick: bool = False) -> Run:
    return Run(name, tuple(faults), quick=quick)


def told(name: str, make, states: tuple[str, ...] = AFTER_FAILURE, quick: bool = False) -> Run:
    """A run that fails in Scale, and meets the faults in what follows a failure."""
    first = denied("Scale")
    return Run(
        name,
        (first, *(make(state) for state in states)),
        "FAILED",
        "AccessDenied",
        ("AccessDenied",),
        quick=quick,
    )


def failed(name: str, fault: Fault, error: str, *says: str, quick: bool = False, **more) -> Run:
    return Run(name, (fault,), "FAILED", error, says, quick=quick, **more)


def model_fails(kind: str, times: int, status: int, message: str) -> Fault:
    """The model answers with an error that may pass, `times` times."""
    values = {"status": status, "message": message}
    return Fault("Forecast", kind, "invocation_fails", values, (), ("Transient",) * times, times)


def garbled(how: str, pattern: str, replacement: str, *says: str) -> Run:
    values = {"pattern": pattern, "with": replacement}
    fault = Fault("Forecast", f"answer {how}", "invocation_garbles", values, errors=("ModelFailed",))
    return failed(f"answer {how}", fault, "ModelFailed", *says, quick=how == "NaN")
