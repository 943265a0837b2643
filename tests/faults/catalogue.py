"""Every fault of the suite: runs that survive carry many, one in each state; runs that fail carry what ends them."""

from gather import ROUNDS
from tests.faults.kinds import (
    BOTOCORE,
    EXPECTED_MOVE,
    LSTM,
    NUMBER,
    PRICE,
    WRITERS,
    denied,
    dies,
    failed,
    garbled,
    in_flight,
    late_function,
    late_task,
    model_fails,
    name_taken,
    overtaken,
    service_error,
    stops,
    survived,
    throttled,
    told,
    too_many,
)
from tests.faults.model import AFTER_FAILURE, CALLS, ON_THE_WAY, Fault, Run, call_fails, refusal, tries

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

TRAINING = [
    failed(
        "training fails",
        Fault("Check training", "job Failed", "training_fails", {"reason": "ValueError: boom"}),
        "TrainingFailed",
        "ValueError: boom",
        quick=True,
    ),
    failed(
        "training stopped", Fault("Check training", "job Stopped", "training_stops", {}), "TrainingFailed", "Stopped"
    ),
    failed(
        "training too long",
        Fault("Check training", "job past MaxRuntime", "training_hangs", {"limit": 1}),
        "TrainingFailed",
        "exceeded its maximum run time",
    ),
    failed(
        "training for ever",
        Fault("Check training", "job InProgress for ever", "training_hangs", {"age": 99_999}),
        "TrainingFailed",
        "InProgress after",
    ),
    survived("names taken", [name_taken("Start training"), name_taken("Create endpoint")]),
    failed(
        "training quota 0",
        Fault("Start training", "quota 0", "training_limit", {"quota": 0}, errors=("NoQuota",)),
        "NoQuota",
        "is 0",
        "TrainingInstanceType",
    ),
    survived(
        "training quota n",
        [Fault("Start training", "quota n", "training_limit", {"quota": 2}, (), ("QuotaReached",) * 2, 2)],
    ),
    Run(
        "baseline fails while training",
        (Fault("Check training", "job still InProgress", "training_hangs", {}), late_function("Baseline", 3)),
        "FAILED",
        "Sandbox.Timedout",
        ("timed out",),
        ("Let calls end",),
        quick=True,
    ),
]

ENDPOINT = [
    failed(
        "endpoint fails",
        Fault("Check endpoint", "endpoint Failed", "endpoint_fails", {"reason": "no capacity"}),
        "EndpointFailed",
        "no capacity",
        quick=True,
    ),
    failed(
        "endpoint creating",
        Fault("Check endpoint", "stuck Creating", "endpoint_hangs", {"seconds": 20, "age": 99_999}),
        "EndpointFailed",
        "Creating after",
        tried_again=("Clean up after failure",),
    ),
    failed(
        "endpoint quota 0",
        Fault("Create endpoint", "quota 0", "endpoint_limit", {"quota": 0}, errors=("NoQuota",)),
        "NoQuota",
        "is 0",
        "EndpointInstanceType",
        quick=True,
    ),
    survived(
        "endpoint quota n",
        [Fault("Create endpoint", "quota n", "endpoint_limit", {"quota": 2}, (), ("QuotaReached",) * 2, 2)],
    ),
    failed(
        "endpoint quota n for ever",
        Fault("Create endpoint", "quota n for ever", "endpoint_limit", {"quota": 2}, (), ("QuotaReached",) * 61, 61),
        "QuotaReached",
        "are in use",
    ),
    survived("model 500", [model_fails("model 5xx", 2, 500, "out of memory")]),
    failed(
        "model 500 for ever",
        model_fails("model 5xx for ever", tries("Forecast", "Transient"), 503, "overloaded"),
        "Transient",
        "the model answered 503: overloaded",
    ),
    failed(
        "model 400",
        Fault(
            "Forecast",
            "model 4xx",
            "invocation_fails",
            {"status": 400, "message": "bad shape"},
            errors=("ModelFailed",),
        ),
        "ModelFailed",
        "the model answered 400: bad shape",
    ),
    garbled("not JSON", "(?s).*", "<html>no</html>", "not a forecast"),
    garbled("of another shape", "(?s).*", '{"predictions": [[1.0, 2.0]]}', "shape"),
    garbled("NaN", PRICE, "NaN", "no positive, finite price"),
    garbled("negative", PRICE, "-1.0", "no positive, finite price"),
    garbled("one", PRICE, "1.0", "a price further away than its largest move allows"),
    garbled("1e300", PRICE, "1e300", "a price further away than its largest move allows"),
    garbled("of an LSTM for one day", LSTM, r"\1", "no positive, finite price"),
    garbled("of a negative expected move", EXPECTED_MOVE, "-0.1", "an expected move that none can be"),
    garbled("boolean", NUMBER, "true", "it holds bool"),
    garbled("truncated", "(?s)^(.{500}).*", r"\1", "not a forecast"),
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
                BOTOCORE,
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
    for run in [*TRANSIENT, *LEASES, *DENIED, *EXHAUSTED, *TRAINING, *ENDPOINT, *PUBLISHING, *CLEANING, *STOPPED]
}
