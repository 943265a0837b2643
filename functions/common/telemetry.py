"""Logging, metrics and the translation of errors, the same around every step."""

import functools
import json
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, IncompleteReadError

from common.errors import Transient
from common.events import LambdaContext

# All that is not ASCII is escaped, so that a key in a log cannot turn its line around.
logger = Logger(json_serializer=functools.partial(json.dumps, default=str))
metrics = Metrics()
alone = EphemeralMetrics()  # without the dataset's dimension, whatever else the step counts

# Steps that count nothing are no mistake.
warnings.filterwarnings("ignore", "No application metrics to publish")

TRANSIENT_CODES = frozenset(
    {
        # an answer to HEAD has no body, so its error has no name
        "429",
        "500",
        "502",
        "503",
        "504",
        "InternalError",
        "InternalFailure",
        "InternalServerException",
        "InternalServiceException",
        "KMSThrottling",
        "KmsThrottlingException",
        "OperationAbortedException",  # CloudWatch Logs still does something else to the log group
        "OperationTimeoutException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttled",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def step[Event: Mapping[str, object], Result](
    handler: Callable[[Event, LambdaContext], Result],
) -> Callable[[Event, LambdaContext], Result]:
    """A handler whose logs name the run and whose passing AWS errors are Transient."""

    @functools.wraps(handler)
    def wrapped(event: Event, context: LambdaContext) -> Result:
        fields: Mapping[str, Any] = event
        run = fields.get("run") or fields
        logger.append_keys(run_id=run.get("run_id"), dataset=run.get("dataset"), shard=fields.get("shard"))
        try:
            return handler(event, context)
        except (ConnectionError, HTTPClientError, IncompleteReadError) as error:
            raise Transient(str(error)) from error
        except ClientError as error:
            if error.response["Error"]["Code"] in TRANSIENT_CODES:
                raise Transient(str(error)) from error
            raise
        finally:
            logger.remove_keys(["run_id", "dataset", "shard"])

    return logger.inject_lambda_context(alone.log_metrics(metrics.log_metrics(wrapped)))


def forget() -> None:
    """Drop what was recorded, so that it counts nowhere."""
    metrics.clear_metrics()
    alone.clear_metrics()


def count_alone(name: str, value: float) -> None:
    """Record one metric without a dataset's dimension, as alarms read them, whatever else the step counts."""
    alone.add_metric(name=name, unit=MetricUnit.Count, value=value)


def count(name: str, value: float, dataset: str, unit: MetricUnit = MetricUnit.Count) -> None:
    """Record one metric under the dataset's dimension."""
    metrics.add_dimension(name="dataset", value=dataset)
    metrics.add_metric(name=name, unit=unit, value=value)
