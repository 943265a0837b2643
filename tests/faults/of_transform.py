"""The faults of runs whose forecasts a transform job answers: of its states, of the job, and of what it leaves."""

import dataclasses

from common.sagemaker import ATTEMPTS
from tests.faults.kinds import (
    denied,
    dies,
    failed,
    garbled,
    late_function,
    late_task,
    name_taken,
    service_error,
    stops,
    survived,
    throttled,
    too_many,
)
from tests.faults.model import BY_TRANSFORM, Fault, Run, call_fails, refusal

INVALID = {"status": 400, "code": "ValidationException", "message": "1 validation error detected"}

# States that both modes share are met by the faults of the runs with an endpoint.
STATES = [
    survived("transform throttled", [throttled(state) for state in BY_TRANSFORM], quick=True),
    survived("transform and Lambda busy", [too_many(state) for state in BY_TRANSFORM]),
    survived("transform and Lambda broken", [service_error(state) for state in BY_TRANSFORM]),
    survived("transform and function timeouts", [late_function(state) for state in BY_TRANSFORM]),
    survived("transform and task timeouts", [late_task(state) for state in BY_TRANSFORM]),
    survived("transform and a crash", [dies("Write requests")]),
    survived("transform name taken", [name_taken("Start transform")], quick=True),
    *(
        failed(f"denied in {state}", denied(state), denied(state).errors[0], refusal(state, "denied")["code"])
        for state in BY_TRANSFORM
    ),
    *(
        Run(
            f"stopped in {state}",
            (stops(state),),
            "ABORTED",
            "",
            ("somebody stopped the execution",),
            quick=state == "Check transform",
        )
        for state in (*BY_TRANSFORM, "Wait for transform")
    ),
]

JOBS = [
    failed(
        "transform fails",
        Fault("Check transform", "job Failed", "transform_fails", {"reason": "AlgorithmError: See job logs"}),
        "TransformFailed",
        "AlgorithmError: See job logs",
        quick=True,
    ),
    failed(
        "transform stopped",
        Fault("Check transform", "job Stopped", "transform_stops", {}),
        "TransformFailed",
        "Stopped",
    ),
    failed(
        "transform for ever",
        Fault("Check transform", "job InProgress for ever", "transform_hangs", {"age": 99_999}),
        "TransformFailed",
        "InProgress after",
        quick=True,
    ),
    Run(
        "execution too long with a transform job",
        (
            Fault("Wait for transform", "job still InProgress", "transform_hangs", {}),
            Fault("Wait for transform", "execution timeout", "execution_is_late", {}, ('"Wait for transform"',)),
        ),
        "TIMED_OUT",
        "States.Timeout",
        ("outlasted",),
    ),
    survived(
        "no instance twice for a transform", [Fault("Check transform", "no capacity", "transform_full", {}, count=2)]
    ),
    failed(
        "no instance to transform",
        Fault("Check transform", "no capacity for ever", "transform_full", {}, count=ATTEMPTS),
        "TransformFailed",
        "is NoCapacity",
        "CapacityError",
    ),
    failed(
        "transform quota 0",
        Fault("Start transform", "quota 0", "transform_limit", {"quota": 0}, errors=("NoQuota",)),
        "NoQuota",
        "for transform job usage' is 0",
        "EndpointInstanceType",
    ),
    survived(
        "transform quota n",
        [Fault("Start transform", "quota n", "transform_limit", {"quota": 2}, (), ("QuotaReached",) * 2, 2)],
    ),
    failed(
        "transform refused",
        call_fails("Start transform", "request refused", 1, ("ClientError",), **INVALID),
        "ClientError",
        "1 validation error detected",
    ),
]

ANSWERS = [
    survived(
        "model 500 in a transform",
        [
            Fault(
                "Check transform", "model 5xx", "invocation_fails", {"status": 500, "message": "out of memory"}, count=2
            )
        ],
    ),
    failed(
        "model 400 in a transform",
        Fault("Check transform", "model 4xx", "invocation_fails", {"status": 400, "message": "bad shape"}),
        "TransformFailed",
        "ClientError: See job logs",
    ),
    failed(
        "answer missing",
        Fault("Forecast", "answer missing", "transform_loses", {}, errors=("ModelFailed",)),
        "ModelFailed",
        "left no answer to s3://",
        quick=True,
    ),
    dataclasses.replace(
        garbled("truncated", "(?s)^(.{500}).*", r"\1", "not a forecast"), name="transformed answer cut"
    ),
    dataclasses.replace(
        garbled("of another shape", "(?s).*", '{"predictions": [[1.0, 2.0]]}', "shape"), name="answer of another shard"
    ),
]

TRANSFORM = [dataclasses.replace(run, mode="transform") for run in (*STATES, *JOBS, *ANSWERS)]
