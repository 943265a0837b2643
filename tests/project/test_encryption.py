"""Encryption at rest, with the services' own keys by default and with a key of one's own by parameter."""

import re

import pytest

from tests.support.template import ROOT, functions, listed, principals, resources, statements, template, text

PARAMETER = template()["Parameters"]["KmsKeyArn"]
KEY = {"Ref": "KmsKeyArn"}
ABSENT = {"Ref": "AWS::NoValue"}
SIDES = pytest.mark.parametrize("with_key", [True, False])
# What each action on data asks of a key that encrypts it.
NEEDS = {
    "s3:GetObject": "kms:Decrypt",
    "s3:PutObject": "kms:GenerateDataKey",
    "sns:Publish": "kms:GenerateDataKey",
    "sqs:SendMessage": "kms:GenerateDataKey",
}


def side(value, with_key: bool):
    """A template's value as CloudFormation resolves it with and without a key; what is left out disappears."""
    if isinstance(value, dict):
        if "Fn::If" in value and value["Fn::If"][0] == "HasKey":
            return side(value["Fn::If"][1 if with_key else 2], with_key)
        resolved = {name: side(inner, with_key) for name, inner in value.items()}
        return {name: inner for name, inner in resolved.items() if inner != ABSENT}
    if isinstance(value, list):
        return [inner for inner in (side(one, with_key) for one in value) if inner != ABSENT]
    return value


def all_of(kind: str, with_key: bool) -> list[dict]:
    return [side(properties, with_key) for properties in resources(kind).values()]


@SIDES
def test_buckets(with_key):
    for bucket in all_of("AWS::S3::Bucket", with_key):
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        if with_key:
            assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
            assert rule["BucketKeyEnabled"] is True, "without it every object is a request to KMS"
        else:
            assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


@SIDES
def test_topic_and_queue(with_key):
    (topic,), (queue,) = all_of("AWS::SNS::Topic", with_key), all_of("AWS::SQS::Queue", with_key)
    assert topic["KmsMasterKeyId"] == (KEY if with_key else "alias/aws/sns")
    assert queue.get("KmsMasterKeyId") == (KEY if with_key else None)
    assert queue.get("SqsManagedSseEnabled") == (None if with_key else True)


@SIDES
def test_logs(with_key):
    groups = all_of("AWS::Logs::LogGroup", with_key)
    assert len(groups) > len(functions())
    assert [group.get("KmsKeyId") for group in groups] == [KEY if with_key else None] * len(groups)


@SIDES
def test_results_of_queries(with_key):
    (work_group,) = all_of("AWS::Athena::WorkGroup", with_key)
    encryption = work_group["WorkGroupConfiguration"]["ResultConfiguration"]["EncryptionConfiguration"]
    own = {"EncryptionOption": "SSE_KMS", "KmsKey": KEY}
    assert encryption == (own if with_key else {"EncryptionOption": "SSE_S3"})


def test_the_condition_is_the_parameter():
    assert template()["Conditions"]["HasKey"] == {"Fn::Not": [{"Fn::Equals": [KEY, ""]}]}
    assert PARAMETER["Default"] == ""


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ("", True),
        ("arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", True),
        ("arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab", True),
        ("arn:aws:kms:us-east-1:123456789012:alias/mine", False),
        ("1234abcd-12ab-34cd-56ef-1234567890ab", False),
    ],
)
def test_a_key_is_named_by_its_arn(given, accepted):
    assert bool(re.fullmatch(PARAMETER["AllowedPattern"], given)) == accepted


def keyed() -> dict[str, list[dict]]:
    """The statements that each role gets with a key."""
    found: dict[str, list[dict]] = {}
    for policy in resources("AWS::IAM::Policy").values():
        for role in policy["Roles"]:
            found.setdefault(role["Ref"], []).extend(policy["PolicyDocument"]["Statement"])
    return found


def actions(found: list[dict]) -> set[str]:
    return {action for statement in found for action in listed(statement["Action"])}


def test_rights_on_the_key_exist_only_where_there_is_one():
    policies = [one for one in template()["Resources"].values() if one["Type"] == "AWS::IAM::Policy"]
    assert [policy["Condition"] for policy in policies] == ["HasKey"] * len(policies)
    assert [role for role in principals() if "kms:" in str(statements(role))] == []


@pytest.mark.parametrize("role", principals())
def test_a_role_may_use_the_key_for_what_it_reads_writes_and_publishes(role):
    used, given = actions(statements(role)), actions(keyed().get(role, []))
    needed = {NEEDS[action] for action in used & set(NEEDS)}
    assert needed <= given
    assert needed or given <= {"kms:DescribeKey", "kms:CreateGrant"}


def test_the_key_is_the_one_that_was_given():
    for found in keyed().values():
        assert [text(statement["Resource"]) for statement in found] == ["${KmsKeyArn}"] * len(found)


def test_grants_are_for_volumes_of_sagemaker_only():
    granting = {role for role, found in keyed().items() if "kms:CreateGrant" in actions(found)}
    assert granting == {"TrainingRole", "EndpointRole", "CreateEndpointRole", "StartTransformRole"}


def test_a_grant_can_be_given_to_services_of_aws_only():
    """Without the condition a role could hand the key on to anybody in the account, for ever."""
    condition = {"Bool": {"kms:GrantIsForAWSResource": True}}
    giving = [
        statement for found in keyed().values() for statement in found if "kms:CreateGrant" in actions([statement])
    ]
    assert len(giving) == 4
    assert [(one["Action"], one["Condition"]) for one in giving] == [("kms:CreateGrant", condition)] * 4
    policy = (ROOT / "docs" / "operations.md").read_text().partition("## A key of your own")[2].partition("\n## ")[0]
    assert re.findall(r'"kms:CreateGrant"[^{}]*"Condition": ({.+?}})', policy) == [
        '{"Bool": {"kms:GrantIsForAWSResource": "true"}}'
    ]
    assert policy.count("CreateGrant") == 1


@pytest.mark.parametrize("role", sorted(set(keyed()) - {"TrainingRole", "EndpointRole"}))
def test_what_runs_in_lambda_uses_the_key_through_another_service_only(role):
    for statement in keyed()[role]:
        if "kms:CreateGrant" in listed(statement["Action"]):
            assert statement["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": True}}
        else:
            assert list(statement["Condition"]["StringLike"]) == ["kms:ViaService"]
