"""What a run of the suite is made of: one dropped file, the faults that meet it, and how it must end."""

import dataclasses
import functools

from tests.support.template import states

# The step's function and one AWS call that each of its tries makes, as local/refusals.py describes calls.
CALLS = {
    "Split": "SplitFunction s3:PUT",
    "Gather": "GatherFunction s3:PUT",
    "Merge": "MergeFunction s3:GET",
    "Check data": "CheckDataFunction s3:GET",
    "Scale": "ScaleFunction s3:GET",
    "Baseline": "BaselineFunction s3:GET",
    "Start training": "StartTrainingFunction sagemaker:CreateTrainingJob",
    "Check training": "CheckTrainingFunction sagemaker:DescribeTrainingJob",
    "Create endpoint": "CreateEndpointFunction sagemaker:CreateEndpointConfig",
    "Check endpoint": "CheckEndpointFunction sagemaker:DescribeEndpoint",
    "Write requests": "WriteRequestsFunction s3:PUT",
    "Start transform": "StartTransformFunction sagemaker:CreateTransformJob",
    "Check transform": "CheckTransformFunction sagemaker:DescribeTransformJob",
    "Forecast": "ForecastFunction sagemaker:InvokeEndpoint",
    "Clean up": "CleanUpFunction sagemaker:DeleteEndpoint",
    "Calibrate": "CalibrateFunction s3:GET",
    "Publish": "PublishFunction s3:PUT",
    "Summarize": "SummarizeFunction s3:PUT lake /runs/",
    "Start crawler": "StartCrawlerFunction glue:StartCrawler",
    "Check crawler": "CheckCrawlerFunction glue:GetCrawler",
    "Hand over": "HandOverFunction s3:PUT",
    "Notify": "NotifyFunction sns:Publish",
    "Notify of too few days": "NotifyFunction sns:Publish",
    "Clean up after failure": "CleanUpFunction sagemaker:DescribeTrainingJob",
    "Notify of failure": "NotifyFunction sns:Publish",
}
AFTER_FAILURE = ("Clean up after failure", "Notify of failure")
TOO_FEW_DAYS = "Notify of too few days"  # of a dataset that cannot be forecast yet
BY_TRANSFORM = ("Write requests", "Start transform", "Check transform")  # of a run without an endpoint
ON_THE_WAY = tuple(state for state in CALLS if state not in (*AFTER_FAILURE, TOO_FEW_DAYS, *BY_TRANSFORM))
PUBLISHED = (
    "Start crawler",
    "Wait for crawler",
    "Check crawler",
    "Hand over",
    "Notify",
)  # states that follow the commit


@dataclasses.dataclass(frozen=True)
class Fault:
    """One entry of faults.json for one state of one run, and the errors of that state's tries that it must cause."""

    state: str
    kind: str
    entry: str
    values: dict
    about: tuple[str, ...] = ()  # further texts in the description of the decision that is meant
    errors: tuple[str, ...] = ()
    count: int = 1  # times that the fault strikes, 0 for always

    @property
    def after(self) -> bool:
        """Whether the function has done its work when the fault strikes."""
        return self.values.get("after", False)


@dataclasses.dataclass(frozen=True)
class Run:
    """A file, dropped once, with its faults; a failed run is started again with the same input and without them."""

    name: str
    faults: tuple[Fault, ...]
    status: str = "SUCCEEDED"
    error: str = ""
    says: tuple[str, ...] = ()  # what the notification must contain
    entered: tuple[str, ...] = ()  # states that must have been entered
    tried_again: tuple[str, ...] = ()  # further states that may have failed tries, because they wait for SageMaker
    quick: bool = False  # runs in `make test`, too
    alone: bool = False  # the fault cannot be told from other runs' calls
    short: bool = False  # the file has too few days to be forecast
    mode: str = "realtime"  # or transform: the EndpointMode
    looked_at: bool = False  # between the executions a crawl shows what is there

    @property
    def published(self) -> bool | None:
        """Whether the first execution commits; None where it is stopped while its last function is at it."""
        last = self.faults[-1]
        if self.short:
            return False
        if self.status == "ABORTED" and last.state == "Summarize":
            return None
        return self.status == "SUCCEEDED" or last.state in PUBLISHED or (last.state == "Summarize" and last.after)


@functools.cache
def tries(state: str, error: str) -> int:
    """How often the machine tries the state before the error ends it."""
    retriers = next(found for name, found in states() if name == state)["Retry"]
    return 1 + next(one["MaxAttempts"] for one in retriers if error in one["ErrorEquals"])


def call_fails(state: str, kind: str, times: int, errors: tuple[str, ...], **answer) -> Fault:
    """The call of the state's function is answered with the refusal, `times` times."""
    return Fault(state, kind, "call_fails", answer, tuple(CALLS[state].split()), errors, times)


def task_fails(state: str, kind: str, error: str, times: int = 1, **more) -> Fault:
    """The state's next tries end with the error before their function runs, or after it has done its work."""
    return Fault(state, kind, "task_fails", {"error": error, **more}, (f'"{state}"',), (error,) * times, times)


def refusal(state: str, what: str) -> dict:
    """AWS's words, code and status for a throttled or denied call of the service that the state's function asks."""
    service = CALLS[state].split()[1].partition(":")[0]
    throttled = {
        "s3": {"status": 503, "code": "SlowDown", "message": "Please reduce your request rate."},
        "sns": {"status": 400, "code": "Throttling", "message": "Rate exceeded"},
    }
    denied = {
        "s3": {"status": 403, "code": "AccessDenied", "message": "Access Denied"},
        "sns": {"status": 403, "code": "AuthorizationError", "message": "not authorized to perform: SNS:Publish"},
    }
    other = {
        "throttled": {"status": 400, "code": "ThrottlingException", "message": "Rate exceeded"},
        "denied": {"status": 400, "code": "AccessDeniedException", "message": "User is not authorized"},
    }
    return {"throttled": throttled, "denied": denied}[what].get(service, other[what])
