"""Every statement of every policy against AWS's reference: its actions exist, take these resources and conditions."""

import re

import pytest

from tests.support import reference
from tests.support.template import listed, template, text

# How the ARN of a resource looks whose Ref or Arn a policy names.
FORMS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::Serverless::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Serverless::StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
}
VALUES = {
    "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "some-stack",
    "Account": "763104351884",  # of the containers
}


def arn(value) -> str:
    """A resource of a policy as an ARN, with names in place of references."""

    def named(match: re.Match) -> str:
        name = match[1].removesuffix(".Arn")
        if name in VALUES:
            return VALUES[name]
        kind = template()["Resources"][name]["Type"]
        is_arn = match[1].endswith(".Arn") or kind in ("AWS::SNS::Topic", "AWS::Serverless::StateMachine")
        return FORMS[kind].format(name=name.lower(), region="us-east-1", account="123456789012") if is_arn else name

    return re.sub(r"\$\{([\w:.]+)\}", named, text(value))


def plain(statement: dict) -> dict:
    return {**statement, "Resource": [arn(one) for one in listed(statement["Resource"])]}


def statements():
    """Every statement of the policies of roles, of roles' additions, of people and of resources."""
    for name, resource in template()["Resources"].items():
        properties = resource.get("Properties", {})
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
        for number, statement in enumerate(one for document in documents for one in document["Statement"]):
            statement = statement["Fn::If"][1] if "Fn::If" in statement else statement
            if "s3:*" not in listed(statement["Action"]) and "sqs:*" not in listed(statement["Action"]):
                yield pytest.param(plain(statement), id=f"{name}-{number}")


@pytest.mark.parametrize("statement", list(statements()))
def test_a_statement_says_what_aws_understands(statement):
    assert reference.problems(statement) == []
