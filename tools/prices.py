"""AWS's list prices, us-east-1, in USD; those of SageMaker's instances are in functions/common/cost.py.

Each as several public documents repeated it on the date below; AWS's pricing pages are the source that counts. A free
amount is one that every account has every month for ever, shared by all that the account runs.
"""

import dataclasses

PRICES_OF = "2026-11-24"


@dataclasses.dataclass(frozen=True)
class Price:
    usd: float
    unit: str
    page: str  # below https://aws.amazon.com/
    free: float = 0.0


PRICES = {
    "lambda_seconds": Price(0.0000166667, "GB-second, x86_64", "lambda/pricing", free=400_000),
    "lambda_requests": Price(0.0000002, "request", "lambda/pricing", free=1_000_000),
    "transitions": Price(0.000025, "state transition", "step-functions/pricing", free=4_000),
    "s3_writes": Price(0.000005, "PUT or LIST", "s3/pricing"),
    "s3_reads": Price(0.0000004, "GET", "s3/pricing"),
    "s3_storage": Price(0.023, "GB and month", "s3/pricing"),
    "crawler": Price(0.44, "DPU-hour, 10 minutes at least", "glue/pricing"),
    "athena": Price(0.000005, "MB scanned, 10 MB at least", "athena/pricing"),
    "alarms": Price(0.10, "alarm and month", "cloudwatch/pricing", free=10),
    "dashboards": Price(3.00, "dashboard and month", "cloudwatch/pricing", free=3),
    "metrics": Price(0.30, "metric and month, by the hour", "cloudwatch/pricing", free=10),
    "log_intake": Price(0.50, "GB", "cloudwatch/pricing", free=5),
    "log_storage": Price(0.03, "GB and month", "cloudwatch/pricing", free=5),
    "traces": Price(0.000005, "trace", "xray/pricing", free=100_000),
    "emails": Price(0.00002, "e-mail", "sns/pricing", free=1_000),
    "key": Price(1.00, "key and month", "kms/pricing"),
}
