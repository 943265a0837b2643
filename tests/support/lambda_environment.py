"""What a function of the stack finds when Lambda runs it: its variables and its context."""

import types
from typing import Any

ENVIRONMENT = {
    "STACK_NAME": "stocks",
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:stocks",
    "INCOMING_BUCKET": "incoming",
    "WORK_BUCKET": "work",
    "LAKE_BUCKET": "lake",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:runs",
    "CRAWLER_NAME": "stocks-crawler",
    "DATABASE_NAME": "stocks",
    "TRAINING_IMAGE": "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2",
    "INFERENCE_IMAGE": "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2",
    "TRAINING_ROLE_ARN": "arn:aws:iam::123456789012:role/training",
    "ENDPOINT_ROLE_ARN": "arn:aws:iam::123456789012:role/endpoint",
    "TRAINING_INSTANCE_TYPE": "ml.m5.large",
    "ENDPOINT_MODE": "realtime",
    "ENDPOINT_INSTANCE_TYPE": "ml.m5.large",
    "ENDPOINT_INSTANCE_COUNT": "1",
    "TRAINING_INSTANCE_COUNT": "1",
    "TRAINING_MAX_SECONDS": "3600",
    "TEST_FRACTION": "0.2",
    "BAD_ROW_TOLERANCE": "0.01",
    "SHARD_KILOBYTES": "16384",
    "QUIET_SECONDS": "0",
    "RUN_RETENTION_DAYS": "90",
    "RETRAIN_AFTER_SESSIONS": "1",
    "FRESHNESS_DAYS": "4",
    "REPORT_LINK_HOURS": "12",
    "LOG_RETENTION_DAYS": "30",
    "KMS_KEY_ARN": "",
    "SWEEP_AFTER_HOURS": "12",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}

CONTEXT: Any = types.SimpleNamespace(
    function_name="step",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:step",
    aws_request_id="7f3c",
)
