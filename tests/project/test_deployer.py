"""What whoever deploys must be allowed: each type of the template asks for its part, and AWS knows every action."""

import fnmatch
import json
import re
import subprocess

import pytest

from tests.support import reference
from tests.support.template import ROOT, listed, resources
from tools import template
from tools.aws import names, needs, policies

PLACE = policies.Place("some-stack", "aws", "eu-central-1", "123456789012")
DOCUMENTS = {"deployer": policies.deployer(PLACE), "checker": policies.checker(PLACE)}
STATEMENTS = [
    pytest.param(statement, id=f"{name}-{number}")
    for name, document in DOCUMENTS.items()
    for number, statement in enumerate(document["Statement"])
]
# Actions of a deployment that name no resource.
EVERYWHERE = {
    *("glue:CreateCrawler", "sns:Unsubscribe", "sns:GetSubscriptionAttributes"),
    *("logs:DescribeLogGroups", "logs:DescribeIndexPolicies", "logs:DescribeResourcePolicies"),
}
OWN = r"some[-_]stack|aws-sam-cli-managed-default|aws:transform/|:catalog$|:crawler/|:changeSet/(samcli-deploy|Initial)"
# In the SAM CLI's environment, whose transformation it is.
PROGRAM = """
from pathlib import Path
from tools.deployed import transformed

made = transformed(Path("template.yaml").read_text())["Resources"]
print("\\n".join(sorted({one["Type"] for one in made.values()})))
"""


def test_the_types_are_those_that_sam_makes_of_the_template():
    python = ROOT / ".venv-sam" / "bin" / "python"
    done = subprocess.run([python, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == sorted(template.types()), done.stderr


def test_every_type_has_its_needs():
    assert template.types() <= set(needs.NEEDS), "tools/aws/needs.py says what each type asks for"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_policy_is_committed_as_generated_and_fits_into_a_managed_policy(name):
    committed = (ROOT / "docs" / "policies" / f"{name}.json").read_text()
    assert committed == {"deployer": policies.deployer_text, "checker": policies.checker_text}[name]()
    assert length(committed) <= policies.LIMIT


def length(document: str) -> int:
    """As IAM counts."""
    return len(re.sub(r"\s", "", document))


@pytest.mark.parametrize("letters", [policies.UNCUT, policies.UNCUT + 1, names.LONGEST])
def test_a_policy_of_a_stack_with_a_long_name_fits_into_a_managed_policy_too(letters):
    place = policies.Place("x" * letters)
    for document in (policies.deployer(place), policies.checker(place)):
        assert length(policies.written(document)) <= policies.LIMIT


def allows(action: str, arn: str) -> bool:
    return any(
        any(fnmatch.fnmatchcase(action, one) for one in listed(statement["Action"]))
        and any(fnmatch.fnmatchcase(arn, one) for one in listed(statement["Resource"]))
        for statement in policies.deployer(PLACE._replace(account="1"))["Statement"]
    )


@pytest.mark.parametrize(
    ("action", "place"),
    [
        # CreateChangeSet with tags asks for both, on the stack and on the change set, as the reference says.
        ("cloudformation:TagResource", "cloudformation:eu-central-1:1:changeSet/samcli-deploy1764500000/an-id"),
        ("cloudformation:TagResource", "cloudformation:eu-central-1:1:changeSet/InitialCreation/an-id"),
        ("cloudformation:TagResource", "cloudformation:eu-central-1:1:stack/some-stack/an-id"),
        # What the handlers of the registry name beside what makes and deletes.
        ("logs:GetDataProtectionPolicy", "logs:eu-central-1:1:log-group:/aws/lambda/some-stack/split"),
        ("logs:DescribeIndexPolicies", "logs:eu-central-1:1:log-group:/aws/lambda/some-stack/split"),
        ("logs:DescribeResourcePolicies", "logs:eu-central-1:1:log-group:/aws/lambda/some-stack/split"),
        ("glue:StopCrawler", "glue:eu-central-1:1:crawler/Crawler-abc"),
        # sam delete of a stack whose only change set was declined
        ("cloudformation:ListChangeSets", "cloudformation:eu-central-1:1:stack/some-stack/an-id"),
    ],
)
def test_a_deployment_may_do_what_the_template_does_not_name(action, place):
    assert allows(action, f"arn:aws:{place}")


def expanded(action: str) -> list[str]:
    """The actions that a pattern covers."""
    service, _, pattern = action.partition(":")
    return [
        f"{service}:{one}" for one in reference.services()[service]["privileges"] if fnmatch.fnmatchcase(one, pattern)
    ]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_says_what_aws_understands(statement):
    """A pattern must cover an action on these resources."""
    named = [one for one in listed(statement["Action"]) if "*" not in one]
    patterns = [one for one in listed(statement["Action"]) if "*" in one]
    covered = [
        one
        for pattern in patterns
        for one in expanded(pattern)
        if any(reference.fits(arn, form) for arn in listed(statement["Resource"]) for form in reference.arns(one))
    ]
    assert {pattern for pattern in patterns if not set(expanded(pattern)) & set(covered)} == set()
    if "transform/" not in str(statement["Resource"]):  # SAM's guide names it, the reference does not know it
        assert reference.problems({**statement, "Action": named + covered}) == []


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_pattern_covers_reading_and_tagging_only(statement):
    levels = {
        (one, reference.privilege(one)["access_level"])
        for pattern in listed(statement["Action"])
        if "*" in pattern
        for one in expanded(pattern)
    }
    assert {one for one in levels if one[1] not in ("Read", "List", "Tagging")} == set()


@pytest.mark.parametrize("statement", DOCUMENTS["deployer"]["Statement"])
def test_a_deployment_touches_the_stack_and_sams_own_bucket_only(statement):
    if statement["Resource"] == "*":
        assert set(listed(statement["Action"])) == EVERYWHERE
        return
    for arn in listed(statement["Resource"]):
        assert re.search(OWN, arn)


def test_no_data_is_read_by_who_deploys():
    reading = {
        arn
        for statement in DOCUMENTS["deployer"]["Statement"]
        for arn in listed(statement["Resource"])
        if any(fnmatch.fnmatchcase("s3:GetObject", action) for action in listed(statement["Action"]))
    }
    assert reading == {"arn:aws:s3:::aws-sam-cli-managed-default-*/*"}


def test_a_role_is_passed_to_the_services_that_the_roles_trust_but_sagemaker():
    (passing,) = [one for one in DOCUMENTS["deployer"]["Statement"] if one["Action"] == "iam:PassRole"]
    trusted = {
        statement["Principal"]["Service"]
        for role in resources("AWS::IAM::Role").values()
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
    }
    given = set(passing["Condition"]["StringEquals"]["iam:PassedToService"])
    assert given == trusted - {"sagemaker.amazonaws.com"} | {"events.amazonaws.com"}


def test_the_policy_of_one_stack_names_no_other():
    assert "stock-forecasts" not in json.dumps(DOCUMENTS)
    assert policies.every_stack() == "stock-forecasts-*"


@pytest.mark.parametrize("stack", ["forecasts-of-the-markets", "forecasts-of-the-markets-2", "x" * 45])
@pytest.mark.parametrize(
    ("action", "form"),
    [("iam:CreateRole", "role/"), ("lambda:CreateFunction", "function:"), ("events:PutRule", "rule/")],
)
def test_a_right_reaches_a_name_that_cloudformation_cuts(stack, action, form):
    """It keeps the logical id and 13 letters of its own, and cuts the stack's name until 64 characters are left."""
    document = policies.deployer(PLACE._replace(stack=stack))
    patterns = [
        resource.partition(form)[2]
        for statement in document["Statement"]
        if action in statement["Action"]
        for resource in listed(statement["Resource"])
    ]
    kinds = ("AWS::IAM::Role", "AWS::Serverless::Function", "AWS::Events::Rule")
    for logical in [name for kind in kinds for name in resources(kind)] + ["CleanUpMachineBadEndRole"]:
        name = f"{stack[: 64 - len(logical) - 15]}-{logical}-{'X' * 13}"
        assert any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns), name
