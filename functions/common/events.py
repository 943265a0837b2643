"""What each step takes and returns: names, numbers, status words and S3 URIs only.

tools/steps.py makes the table of docs/architecture.md of these classes and their comments, and a test holds the
machines' definitions to them.
"""

from typing import Literal, Never, NotRequired, TypedDict, cast

from aws_lambda_powertools.utilities.typing import LambdaContext as LambdaContext  # what Lambda passes beside the event

type Nothing = dict[str, Never]  # {}, since the machine's expressions need every field


class NamedRun(TypedDict):
    run_id: str
    dataset: str


class Run(NamedRun):
    shards: int


def named(run: NamedRun | Nothing | None) -> NamedRun | None:
    """The run, or None in place of nothing."""
    return cast(NamedRun, run) if run else None


class RunEvent(TypedDict):
    run: Run


class ShardEvent(RunEvent):
    shard: int


class ShardResult(TypedDict):
    shard: int


class Upload(TypedDict):
    """The version of the object that was dropped."""

    bucket: str
    key: str
    version_id: str


class Summary(TypedDict):
    report_uri: str
    headline: str  # one sentence
    tickers: int
    rmse_vs_naive: float | None


class SummarizeResult(Summary):
    finished: str  # ISO 8601 instant: a crawl that begins later has seen the run's row


class SplitEvent(Upload):
    sequencer: str  # of the event; empty where a person or this project started the execution
    execution_arn: str


class SplitResult(NamedRun):
    status: Literal["accepted", "ignored"]
    reason: str


class GatherEvent(TypedDict):
    run: NamedRun
    execution_arn: str
    force: bool  # makes a run although nothing has changed


Gathered = Literal["wait", "folded", "fold", "current", "empty"]


class GatherResult(Run):
    status: Gathered  # `wait`: call again; `folded`: another execution leads; `fold`: go on; else nothing to do
    reason: str
    crawl: bool  # with `current` and `empty`: the newest run's crawl failed, so crawl first


class CheckDataResult(TypedDict):
    # `reuse` takes the dataset's last model; `unchanged` and `too_short` succeed without publishing
    status: Literal["train", "reuse", "unchanged", "too_short"]
    reason: str
    crawl: bool  # with `unchanged` and `too_short`: the newest run's crawl failed, so crawl first
    rows: int  # of the table; 0 if nothing is published
    tickers: int  # that are forecast
    model_uri: str  # of the model with `reuse`; empty otherwise


class HandOverEvent(RunEvent):
    published: bool  # whether this execution has published


class HandOverResult(TypedDict):
    successor: str  # the name of the execution that was started because something new came; empty otherwise


class StartTrainingEvent(RunEvent):
    execution_name: str
    attempt: int  # 0, or how often AWS had no instance


class StartTrainingResult(TypedDict):
    job_name: str


class CheckTrainingEvent(RunEvent):
    job_name: str


class CheckTrainingResult(TypedDict):
    job_name: str
    status: str  # SageMaker's word, or NoCapacity
    reason: str
    seconds: int  # since its creation
    model_uri: str
    train_seconds: int


class CreateEndpointEvent(RunEvent):
    execution_name: str
    attempt: int  # 0, or how often AWS had no instance
    model_uri: str


class CreateEndpointResult(TypedDict):
    endpoint_name: str


class CheckEndpointEvent(RunEvent):
    endpoint_name: str


class CheckEndpointResult(TypedDict):
    endpoint_name: str
    status: str  # SageMaker's word, or NoCapacity
    reason: str
    seconds: int  # since its creation
    digest: str  # of the container that serves; empty if SageMaker does not report it


class StartTransformEvent(CreateEndpointEvent):
    """What an endpoint would be created of, too."""


class StartTransformResult(TypedDict):
    job_name: str


class CheckTransformEvent(RunEvent):
    job_name: str


class CheckTransformResult(TypedDict):
    job_name: str
    status: str  # SageMaker's word, or NoCapacity
    reason: str
    seconds: int  # since its creation


class ForecastEvent(ShardEvent):
    endpoint_name: str  # of the endpoint that answers; empty with a transform job
    job_name: str  # of the transform job that has answered; empty with an endpoint


class CleanUpEvent(TypedDict):
    run: NamedRun
    execution_name: str
    execution_arn: str
    error: str  # with which the execution ends, so its lease is freed; empty if the execution goes on


class CleanUpResult(TypedDict):
    endpoint_seconds: float  # of the endpoint or the transform job
    published: bool  # whether the run's row is written


class CalibrateResult(TypedDict):
    origins: int  # days with a stretch


class PublishResult(ShardResult):
    rows: int


class SummarizeEvent(RunEvent):
    execution_started: str
    model_uri: str
    train_seconds: int
    endpoint_seconds: float
    inference_digest: str  # as check_endpoint returned it


class StartCrawlerResult(TypedDict):
    crawler: str


class CheckCrawlerEvent(RunEvent):
    since: str  # ISO 8601 instant


class CheckCrawlerResult(TypedDict):
    status: str  # Glue's word: READY, RUNNING, STOPPING
    last_status: str  # SUCCEEDED, CANCELLED, FAILED or empty
    fresh: bool  # the last crawl began at or after `since`
    seconds: int  # since `since`
    reason: str


class Failure(TypedDict):
    error: str
    cause: str


class SucceededRun(TypedDict):
    outcome: Literal["succeeded"]
    run: Run
    key: str
    summary: SummarizeResult
    once: str  # the same in each try of the state, so that one message is sent


class ShortRun(TypedDict):
    outcome: Literal["too_short"]
    run: Run
    key: str
    reason: str
    once: str


class FailedRun(TypedDict):
    outcome: Literal["failed"]
    run: NamedRun | Nothing  # `{}` when Split failed
    key: str
    failure: Failure  # `{error, cause}`
    source: NotRequired[Upload]  # `{bucket, key, version_id}`
    published: NotRequired[bool]  # what clean_up returned, or false
    clean_up_failure: NotRequired[str]  # a cause, or empty
    cleaned_up: NotRequired[bool]  # whether the clean-up machine has cleaned up
    once: str


class NotifyResult(TypedDict):
    cause: str  # one plain sentence: what failed, where, what to do; the link to the report is in the message only


class FindRunEvent(TypedDict):
    execution_arn: str


class FindRunResult(TypedDict):
    status: Literal["found", "none"]
    run: NamedRun | Nothing  # `{}` if the execution's input names none
    execution_name: str
    execution_arn: str
    key: str
    failure: Failure  # `{error, cause}`, error `Aborted` or `TimedOut` if no step failed
    notified: bool  # whether the forecast machine has sent the message


class AlarmEvent(TypedDict):
    alarmData: dict  # as CloudWatch calls a function: name, state, previousState, configuration
    region: str


class AlarmResult(TypedDict):
    notified: bool  # false for a new alarm under which nothing is wrong


class ScheduleEvent(TypedDict):
    """nothing; a schedule starts it every 15 minutes"""


class DailyEvent(TypedDict):
    """nothing; a schedule starts it once a day"""


class ResumeResult(TypedDict):
    started: list[str]  # names of executions


class RetireResult(TypedDict):
    retired: list[str]  # ids of runs


class SweepEvent(TypedDict):
    RequestType: NotRequired[Literal["Create", "Update", "Delete"]]  # all these fields come from CloudFormation only
    ResponseURL: NotRequired[str]  # where the answer goes
    StackId: NotRequired[str]
    RequestId: NotRequired[str]
    LogicalResourceId: NotRequired[str]
    PhysicalResourceId: NotRequired[str]  # absent with Create


class SweepResult(TypedDict):
    swept: list[str]  # name and age of what was deleted
