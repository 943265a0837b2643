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
        ("lists-runs", [READ, {**LIST, "Condition": {"StringLike": {"s3:prefix": "runs/*"}}}], "AccessDenied"),
    ],
)
def test_only_who_may_list_the_whole_bucket_learns_that_a_key_is_absent(laptop, make_function, name, granted, code):
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


def test_a_query_is_that_of_its_workgroup(laptop, make_function):
    """Who may use one workgroup gets the answers of its queries, and of no other's."""
    athena, location = laptop("athena"), {"OutputLocation": "s3://answers/"}
    laptop("s3").create_bucket(Bucket="answers")
    ids = []
    for group in ("mine", "yours"):
        athena.create_work_group(Name=group, Configuration={"ResultConfiguration": location})
        ids.append(athena.start_query_execution(QueryString="select 1", WorkGroup=group)["QueryExecutionId"])
    read = ["athena:GetQueryExecution", "athena:BatchGetQueryExecution", "athena:StartQueryExecution"]
    allow = {"Effect": "Allow", "Action": read, "Resource": "arn:aws:athena:*:*:workgroup/mine"}
    listing = ["athena:GetDataCatalog", "athena:ListTableMetadata"]
    browse = {"Effect": "Allow", "Action": listing, "Resource": "arn:aws:athena:*:*:datacatalog/AwsDataCatalog"}
    code = f"""
import boto3
from botocore.exceptions import ClientError
def handler(event, context):
    athena, answers = boto3.client("athena"), []
    for call, given in (
        (athena.get_query_execution, {{"QueryExecutionId": "{ids[0]}"}}),
        (athena.batch_get_query_execution, {{"QueryExecutionIds": ["{ids[0]}"]}}),
        (athena.get_query_execution, {{"QueryExecutionId": "{ids[1]}"}}),
        (athena.start_query_execution, {{"QueryString": "select 1"}}),
        (athena.list_table_metadata, {{"CatalogName": "Other", "DatabaseName": "default"}}),
        (athena.list_table_metadata, {{"CatalogName": "AwsDataCatalog", "DatabaseName": "d", "WorkGroup": "mine"}}),
        (athena.get_data_catalog, {{"Name": "AwsDataCatalog"}}),
    ):
        try:
            call(**given)
            answers.append("allowed")
        except ClientError as error:
            answers.append("refused" if "Denied" in error.response["Error"]["Code"] else "allowed")
    return answers
"""
    make_function("asks", code, allow, browse)
    answers = json.loads(laptop("lambda").invoke(FunctionName="asks")["Payload"].read())
    assert answers == ["allowed"] * 2 + ["refused"] * 3 + ["allowed"] * 2
