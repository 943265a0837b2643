"""What AWS counts and the laptop does not: the sizes of policies and environments, at the longest names."""

import json
import re

import pytest

from tests.support.template import resources, template, text
from tools.aws.names import LONGEST

# Characters: of the longest region's name, of ids, and of a key's ARN with the id of a key of several regions.
WIDTHS = {"AWS::StackName": LONGEST, "AWS::Region": 14, "AWS::AccountId": 12, "AWS::Partition": 3, "AWS::URLSuffix": 13}
WIDTHS |= {"Account": 12, "KmsKeyArn": 90}
BUCKET, OTHER = len("arn:aws:s3:::") + 63, 120  # of ARNs: a function's has 116 with a name of 64
INTRINSIC = {"Ref", "Fn::GetAtt", "Fn::Sub"}
# IAM's quotas: of all policies in a role together, and of a policy that is attached.
IN_A_ROLE, ATTACHED = 10_240, 6_144


def width(match: re.Match) -> str:
    name = match[1].partition(".")[0]
    bucket = name in resources("AWS::S3::Bucket")
    chosen = str(template()["Parameters"].get(name, {}).get("Default", ""))
    return "x" * WIDTHS.get(match[1], len(chosen) or (BUCKET if bucket else OTHER))


def written(value):
    """A part of the template at its longest, with a key of one's own."""
    if isinstance(value, list):
        return [written(one) for one in value]
    if isinstance(value, dict):
        if set(value) == {"Fn::If"}:
            return written(value["Fn::If"][1])
        if set(value) & INTRINSIC:
            return written(text(value))
        return {name: written(one) for name, one in value.items()}
    return re.sub(r"\$\{([\w:.]+)\}", width, value) if isinstance(value, str) else value


def size(value) -> int:
    return len(json.dumps(written(value), separators=(",", ":")))


@pytest.mark.parametrize("name", resources("AWS::IAM::Role"))
def test_the_policies_of_a_role_fit_into_it(name):
    own = [policy["PolicyDocument"] for policy in resources("AWS::IAM::Role")[name]["Policies"]]
    given = [policy for policy in resources("AWS::IAM::Policy").values() if {"Ref": name} in policy["Roles"]]
    assert sum(map(size, own + [policy["PolicyDocument"] for policy in given])) <= IN_A_ROLE


@pytest.mark.parametrize("name", resources("AWS::IAM::ManagedPolicy"))
def test_a_policy_of_people_can_be_attached(name):
    assert size(resources("AWS::IAM::ManagedPolicy")[name]["PolicyDocument"]) <= ATTACHED


def test_the_environment_fits_into_lambdas_four_kilobytes():
    assert size(template()["Globals"]["Function"]["Environment"]["Variables"]) <= 4096
