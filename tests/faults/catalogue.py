"""Every fault of the suite: runs that survive carry many, one in each state; runs that fail carry what ends them."""

from common.dataset import ROUNDS
from tests.faults.kinds import (
    WRITERS,
    denied,
    dies,
    failed,
    in_flight,
    late_function,
    late_task,
    overtaken,
    service_error,
    stops,
    survived,
    throttled,
    told,
    too_many,
    tries_of_call,
)
from tests.faults.model import AFTER_FAILURE, CALLS, ON_THE_WAY, TOO_FEW_DAYS, Fault, Run, call_fails, refusal, tries
from tests.faults.of_sagemaker import ENDPOINT, TRAINING
from tests.faults.of_transform import TRANSFORM

TRANSIENT = [
    *(survived(f"throttled {n + 1}", [throttled(state) for state in ON_THE_WAY[n::4]]) for n in range(4)),
    survived("Lambda busy", [too_many(state) for state in ON_THE_WAY], quick=True),
    survived("Lambda broken", [service_error(state) for state in ON_THE_WAY]),
    survived("function timeouts", [late_function(state) for state in ON_THE_WAY], quick=True),
    survived("task timeouts", [late_task(state) for state in ON_THE_WAY]),
    survived("crashes", [dies(state) for state in WRITERS], quick=True),
    told("failed and throttled", throttled),
    told("failed and Lambda busy", too_many, quick=True),
    told("failed and Lambda broken", service_error),
    told("failed and function timeouts", late_function),
    told("failed and task timeouts", late_task),
]

# The lease is written by another between a function's look at it and its write, or at the same moment.
LEASES = [
    survived("lease written meanwhile", [overtaken(state) for state in ("Gather", "Hand over")], quick=True),
    survived("lease written for long", [overtaken(state, ROUNDS, ("Transient",)) for state in ("Gather", "Hand over")]),
    survived("lease being written", [in_flight(state) for state in ("Gather", "Hand over")]),
    told("failed and lease written meanwhile", overtaken, ("Clean up after failure",), quick=True),
    told("failed and lease being written", in_flight, ("Clean up after failure",)),
]

DENIED = [
    failed(
        f"denied in {state}",
        denied(state),
        denied(state).errors[0],
        refusal(state, "denied")["code"],
        quick=state in ("Publish", "Summarize"),
        looked_at=state == "Summarize",
    )
    for state in ON_THE_WAY
]

SHORT = [
    *(
        Run(f"too few days and {name}", (make(TOO_FEW_DAYS),), short=True, quick=make is throttled)
        for name, make in {
            "throttled": throttled,
            "Lambda busy": too_many,
            "Lambda broken": service_error,
            "a function timeout": late_function,
            "a task timeout": late_task,
        }.items()
    ),
    failed(
        "too few days, denied", denied(TOO_FEW_DAYS), "AuthorizationErrorException", "AuthorizationError", short=True
    ),
    Run(
        "too few days, stopped",
        (stops(TOO_FEW_DAYS),),
        "ABORTED",
        says=("somebody stopped the execution",),
        short=True,
    ),
]

BUSY = "Lambda.TooManyRequestsException"
EXHAUSTED = [
    *(
        failed(f"Lambda busy for long in {state}", too_many(state, tries(state, BUSY)), BUSY, "Rate Exceeded")
        for state in ("Split", "Gather", "Check training")
    ),
    failed("slow in Baseline", late_function("Baseline", 3), "Sandbox.Timedout", "timed out"),
    failed("slow in Summarize", late_task("Summarize", 3), "States.Timeout", "its forecasts are published"),
    failed("slow in Hand over", late_task("Hand over", 3), "States.Timeout", "its forecasts are published"),
    failed("crashes in Merge", dies("Merge", 3), "Runtime.ExitError", "ran out of memory", quick=True),
    failed("crashes in Publish", dies("Publish", 3), "Runtime.ExitError", "ran out of memory"),
]

RUNNING = {"status": 400, "code": "CrawlerRunningException", "message": "already started"}
PUBLISHING = [
    survived(
        "crawler running",
        [
            Fault(
                "Start crawler", "crawler already running", "call_fails", RUNNING, tuple(CALLS["Start crawler"].split())
            )
        ],
    ),
    failed(
        "crawler fails",
        Fault("Check crawler", "crawl FAILED", "crawl_fails", {"reason": "Internal Service Exception"}),
        "CrawlFailed",
        "Internal Service Exception",
        alone=True,
    ),
    failed(
        "crawler cancelled",
        Fault("Check crawler", "crawl CANCELLED", "crawl_stops", {}),
        "CrawlFailed",
        "CANCELLED",
        alone=True,
    ),
    survived(
        "topic away",
        [
            call_fails(
                "Notify",
                "SNS unreachable",
                tries_of_call("Notify"),
                ("Transient",),
                status=503,
                code="ServiceUnavailable",
                message="Service is unavailable",
            )
        ],
    ),
]

CLEANING = [
    Run(
        "clean up denied with an endpoint",
        (denied("Forecast"), denied("Clean up after failure")),
        "FAILED",
        "ClientError",
        ("AccessDenied", "Cleaning up failed too"),
    ),
    Run(
        "nobody told",
        (denied("Scale"), denied("Notify of failure")),
        "FAILED",
        "AccessDenied",
        ("AccessDenied",),
        quick=True,
    ),
]

STOPPED = (
    [
        Run(
            f"stopped in {state}",
            (stops(state),),
            "ABORTED",
            "",
            ("somebody stopped the execution",),
            quick=state in ("Start training", "Forecast"),
        )
        for state in (*ON_THE_WAY, "Wait for training", "Wait for endpoint", "Wait for crawler")
    ]
    + [
        Run(
            f"stopped in {state}",
            (denied("Forecast"), stops(state)),
            "ABORTED",
            "",
            ("somebody stopped the execution",),
        )
        for state in ("Let calls end", *AFTER_FAILURE)
    ]
    + [
        Run(
            "execution too long",
            (Fault("Wait for endpoint", "execution timeout", "execution_is_late", {}, ('"Wait for endpoint"',)),),
            "TIMED_OUT",
            "States.Timeout",
            ("outlasted",),
            quick=True,
        ),
    ]
)

RUNS = {
    run.name: run
    for run in [
        *TRANSIENT,
        *LEASES,
        *DENIED,
        *SHORT,
        *EXHAUSTED,
        *TRAINING,
        *ENDPOINT,
        *TRANSFORM,
        *PUBLISHING,
        *CLEANING,
        *STOPPED,
    ]
}
