"""The faults of training jobs, endpoints and what the model answers."""

from common.sagemaker import ATTEMPTS
from tests.faults.kinds import (
    EXPECTED_MOVE,
    LSTM,
    NUMBER,
    PRICE,
    failed,
    garbled,
    late_function,
    model_fails,
    name_taken,
    survived,
)
from tests.faults.model import Fault, Run, tries

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
    survived(
        "no instance twice",
        [
            Fault("Check training", "no capacity", "training_full", {}, count=2),
            Fault("Check endpoint", "no capacity", "endpoint_full", {}, count=2),
        ],
        quick=True,
    ),
    failed(
        "no instance to train",
        Fault("Check training", "no capacity for ever", "training_full", {}, count=ATTEMPTS),
        "TrainingFailed",
        "is NoCapacity",
        "CapacityError",
    ),
    survived("names taken", [name_taken("Start training"), name_taken("Create endpoint")]),
    failed(
        "training quota 0",
        Fault("Start training", "quota 0", "training_limit", {"quota": 0}, errors=("NoQuota",)),
        "NoQuota",
        "is 0",
        "TrainingInstanceType",
    ),
    failed(
        "endpoint quota 0 before training",
        Fault("Start training", "quota of endpoints 0", "endpoint_quota", {"quota": 0}, errors=("NoQuota",)),
        "NoQuota",
        "for endpoint usage' is 0",
        "aws service-quotas request-service-quota-increase",
        alone=True,
    ),
    survived(
        "training quota n",
        [Fault("Start training", "quota n", "training_limit", {"quota": 2}, (), ("QuotaReached",) * 2, 2)],
    ),
    Run(
        "baseline fails while training",
        (
            Fault("Check training", "job still InProgress", "training_hangs", {}),
            late_function("Baseline", 3, until="Check training"),
        ),
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
        "no instance to serve",
        Fault("Check endpoint", "no capacity for ever", "endpoint_full", {}, count=ATTEMPTS),
        "EndpointFailed",
        "is NoCapacity",
        "InsufficientInstanceCapacity",
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
    survived("model silent", [model_fails("no answer", 2, 0, "Your invocation timed out")]),
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
