"""What the laptop cloud asks of roles beyond MiniStack: of an absent key, and of a function's log."""

import json

import pytest

LIST = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::asked"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::asked/*"}
CODE = """
import boto3
from botocore.exceptions import ClientError
def handler(event, context):
    try:
        boto3.client("s3").get_object(Bucket="asked", Key="runs/absent key")
    except ClientError as error:
        return error.response["Error"]["Code"]
"""


@pytest.mark.parametrize(
    ("name", "granted", "code"),
    [
        ("reads", [READ], "AccessDenied"),
        ("lists", [READ, LIST], "NoSuchKey"),
        ("lists-runs", [READ, {**LIST, "Condition": {"StringLike": {"s3:prefix": "runs/*"}}}], "NoSuchKey"),
        ("lists-other", [READ, {**LIST, "Condition": {"StringLike": {"s3:prefix": "models/*"}}}], "AccessDenied"),
    ],
)
def test_only_who_may_list_a_key_learns_that_it_is_absent(laptop, make_function, name, granted, code):
    laptop("s3").create_bucket(Bucket="asked")
    make_function(name, CODE, *granted)
    assert json.loads(laptop("lambda").invoke(FunctionName=name)["Payload"].read()) == code


@pytest.mark.parametrize(
    ("name", "actions", "kept"),
    [
        ("logging", ["logs:CreateLogStream", "logs:PutLogEvents"], True),
        ("creating", ["logs:CreateLogStream"], False),
        ("putting", ["logs:PutLogEvents"], False),
    ],
)
def test_a_function_without_the_right_to_log_loses_its_log(laptop, make_function, name, actions, kept):
    group = f"/aws/lambda/{name}"
    laptop("logs").create_log_group(logGroupName=group)
    allow = {"Effect": "Allow", "Action": actions, "Resource": f"arn:aws:logs:*:*:log-group:{group}:*"}
    make_function(name, "def handler(event, context):\n    print('kept')\n", allow)
    answer = laptop("lambda").invoke(FunctionName=name)
    assert "FunctionError" not in answer
    assert bool(laptop("logs").filter_log_events(logGroupName=group)["events"]) == kept


def test_a_wildcard_takes_in_a_line_break_of_a_key(laptop, make_function):
    laptop("s3").create_bucket(Bucket="broken")
    laptop("s3").put_object(Bucket="broken", Key="in/a\nb.csv", Body=b"x")
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::broken/in/*"}
    code = """
import boto3
def handler(event, context):
    return boto3.client("s3").get_object(Bucket="broken", Key="in/a\\nb.csv")["ContentLength"]
"""
    make_function("line-break", code, read)
    assert json.loads(laptop("lambda").invoke(FunctionName="line-break")["Payload"].read()) == 1
