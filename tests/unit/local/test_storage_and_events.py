"""S3 and EventBridge where MiniStack alone is laxer than AWS."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from local import cloud, paths
from tests.support.eventually import eventually


@pytest.fixture(scope="module")
def bucket(laptop):
    laptop("s3").create_bucket(Bucket="incoming")
    laptop("s3").put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})
    laptop("s3").put_bucket_notification_configuration(
        Bucket="incoming", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return "incoming"


def code(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


@pytest.fixture(scope="module")
def reader(laptop, bucket, make_role):
    """S3 for a role that may read the bucket's objects, every version of them, and list nothing."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    actions = ["s3:GetObject", "s3:GetObjectVersion"]
    allow = {"Effect": "Allow", "Action": actions, "Resource": f"arn:aws:s3:::{bucket}/*"}
    make_role("reader", "lambda.amazonaws.com", allow)
    laptop("iam").update_assume_role_policy(RoleName="reader", PolicyDocument=json.dumps({"Statement": [trust]}))
    keys = laptop("sts").assume_role(RoleArn="arn:aws:iam::123456789012:role/reader", RoleSessionName="test")[
        "Credentials"
    ]
    return boto3.client("s3", endpoint_url=cloud.settings()["endpoint"], region_name="us-east-1",
                        aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                        aws_session_token=keys["SessionToken"])  # fmt: skip


def test_a_missing_key_is_forbidden_to_who_may_not_list(laptop, bucket, reader):
    assert code(reader.get_object, Bucket=bucket, Key="absent") == "AccessDenied"
    assert code(reader.head_object, Bucket=bucket, Key="absent") == "403"
    assert code(laptop("s3").get_object, Bucket=bucket, Key="absent") == "NoSuchKey"


def test_a_version_that_is_gone_is_forbidden_to_who_may_not_list(laptop, bucket, reader):
    s3 = laptop("s3")
    version = {"Bucket": bucket, "Key": "gone"} | {"VersionId": s3.put_object(Bucket=bucket, Key="gone")["VersionId"]}
    assert reader.head_object(**version)["ContentLength"] == 0
    s3.delete_object(**version)
    assert (code(reader.get_object, **version), code(reader.head_object, **version)) == ("AccessDenied", "403")
    assert (code(s3.get_object, **version), code(s3.head_object, **version)) == ("NoSuchVersion", "404")


def test_conditional_puts(laptop, bucket):
    s3 = laptop("s3")
    etag = s3.put_object(Bucket=bucket, Key="claim.json", Body=b"1", IfNoneMatch="*")["ETag"]
    assert code(s3.put_object, Bucket=bucket, Key="claim.json", Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    s3.put_object(Bucket=bucket, Key="claim.json", Body=b"2", IfMatch=etag)
    assert code(s3.put_object, Bucket=bucket, Key="claim.json", Body=b"3", IfMatch=etag) == "PreconditionFailed"


@pytest.mark.parametrize(
    ("wanted", "part"), [("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-2", b"89"), ("bytes=8-99", b"89")]
)
def test_a_version_can_be_read_in_ranges(laptop, bucket, wanted, part):
    s3 = laptop("s3")
    version = s3.put_object(Bucket=bucket, Key="digits", Body=b"0123456789")["VersionId"]
    answer = s3.get_object(Bucket=bucket, Key="digits", VersionId=version, Range=wanted)
    assert (answer["Body"].read(), answer["ResponseMetadata"]["HTTPStatusCode"]) == (part, 206)


def test_an_upload_that_asks_for_kms_without_a_key_gets_the_accounts_own(laptop, bucket):
    s3 = laptop("s3")
    said = s3.put_object(Bucket=bucket, Key="own", Body=b"0123", ServerSideEncryption="aws:kms")
    kept = s3.head_object(Bucket=bucket, Key="own")
    assert said["SSEKMSKeyId"] == kept["SSEKMSKeyId"]
    assert said["SSEKMSKeyId"].startswith("arn:aws:kms:us-east-1:123456789012:key/")
    assert s3.get_object(Bucket=bucket, Key="own")["Body"].read() == b"0123"


def test_a_bucket_that_denies_what_is_not_tls_stays_open_to_the_loopback(laptop):
    s3 = laptop("s3")
    s3.create_bucket(Bucket="tls-only")
    arns = ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": arns,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}  # fmt: skip
    s3.put_bucket_policy(Bucket="tls-only", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    s3.put_object(Bucket="tls-only", Key="a", Body=b"")


def rule(laptop, name, prefix, target, role, queue):
    pattern = {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": prefix}]}}}
    arn = laptop("events").put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
    laptop("events").put_targets(
        Rule=name, Targets=[{"Id": "1", "Arn": target, "RoleArn": role, "DeadLetterConfig": {"Arn": queue}}]
    )
    return arn


def test_an_upload_starts_the_machine_is_lost_before_events_start_or_reaches_the_queue(laptop, bucket, make_role):
    states = laptop("stepfunctions")
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    machine = states.create_state_machine(
        name="m", definition=definition, roleArn=make_role("m", "states.amazonaws.com")
    )["stateMachineArn"]
    url = laptop("sqs").create_queue(QueueName="dead")["QueueUrl"]
    queue = laptop("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    laptop("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [policy]})})
    start = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": machine}
    rule(laptop, "good", "good/", machine, make_role("may", "events.amazonaws.com", start), queue)
    rule(laptop, "bad", "bad/", machine, make_role("may-not", "events.amazonaws.com"), queue)

    paths.FAULTS.write_text(json.dumps({"events_start_late": {"match": f"{bucket}/good/a", "times": 1}}))
    laptop("s3").put_object(Bucket=bucket, Key="good/a b.csv", Body=b"x")
    eventually(lambda: json.loads(paths.FAULTS.read_text())["events_start_late"] == [], 10)
    version = laptop("s3").put_object(Bucket=bucket, Key="good/a b.csv", Body=b"x")["VersionId"]
    laptop("s3").put_object(Bucket=bucket, Key="bad/a.csv", Body=b"x")
    message = laptop("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"][0]
    assert "bad/a.csv" in message["Body"]
    (execution,) = eventually(lambda: states.list_executions(stateMachineArn=machine)["executions"], 10)
    uploaded = json.loads(states.describe_execution(executionArn=execution["executionArn"])["input"])["detail"][
        "object"
    ]
    assert (uploaded["key"], uploaded["version-id"]) == ("good/a b.csv", version)
