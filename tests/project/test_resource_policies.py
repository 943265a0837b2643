"""Policies on resources: who else may touch a bucket, the queue, the topic or a function. Nothing is public."""

import json

import pytest

from tests.support.template import listed, resources, template, text

DOCUMENTS = {
    name: resource["Properties"]["PolicyDocument"]
    for name, resource in template()["Resources"].items()
    if "PolicyDocument" in resource["Properties"]
    and resource["Type"] in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
}
STATEMENTS = [(name, statement) for name, document in DOCUMENTS.items() for statement in document["Statement"]]
ALLOWED = [(name, statement) for name, statement in STATEMENTS if statement["Effect"] == "Allow"]


def test_every_bucket_queue_and_topic_refuses_plain_http():
    kinds = ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic")
    protected = {name for kind in kinds for name in resources(kind)}
    assert {name.removesuffix("Policy") for name in DOCUMENTS} == protected
    denied = [(name, one) for name, one in STATEMENTS if one["Effect"] == "Deny"]
    assert {name for name, _ in denied} == set(DOCUMENTS)
    for _, statement in denied:
        assert statement["Principal"] == "*"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(("name", "statement"), ALLOWED)
def test_what_is_allowed_is_allowed_to_a_service_for_resources_of_ours(name, statement):
    """Without the condition a service would do it for anybody's rule."""
    assert set(statement["Principal"]) == {"Service"}
    assert [action for action in listed(statement["Action"]) if "*" in action] == []
    ((sources),) = statement["Condition"].values()
    assert list(sources) == ["aws:SourceArn"]
    assert all(text(arn).startswith("${") and "*" not in text(arn) for arn in listed(sources["aws:SourceArn"]))


@pytest.mark.parametrize("name", resources("AWS::Lambda::Permission"))
def test_a_function_is_invoked_by_a_service_on_behalf_of_this_account(name):
    permission = resources("AWS::Lambda::Permission")[name]
    assert permission["Action"] == "lambda:InvokeFunction"
    assert permission["Principal"].endswith(".amazonaws.com")
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert "${AWS::StackName}-" in text(permission["SourceArn"])


def test_nothing_is_reached_from_outside():
    """No address of a function, no API, no bucket that serves pages, no layer for others."""
    made = json.dumps(template()["Resources"])
    words = ("FunctionUrlConfig", "AWS::Lambda::Url", "ApiGateway", "WebsiteConfiguration", "LayerVersionPermission")
    assert [word for word in words if word in made] == []
    assert [name for name, bucket in resources("AWS::S3::Bucket").items() if "AccessControl" in bucket] == []
