"""What the template grants to its roles, one action on one resource each."""

import dataclasses
import re
from collections.abc import Iterator

from tests.support.template import listed, principals, resources, template, text


@dataclasses.dataclass(frozen=True)
class Grant:
    """One action on one resource, for one prefix where the statement's condition names prefixes."""

    role: str
    action: str
    resource: str
    prefix: str = ""

    @property
    def line(self) -> str:
        """As the tables above write it."""
        return " ".join([self.action, short(self.resource), self.prefix]).strip()

    def __str__(self) -> str:
        return f"{self.role} {self.line}"


def short(resource: str) -> str:
    """A resource as the tables below write it."""
    resource = re.sub(r"^arn:\$\{AWS::Partition\}:(\w+):\$\{AWS::Region\}:\$\{AWS::AccountId\}:", r"\1:", resource)
    resource = resource.replace("arn:${AWS::Partition}:ecr:${AWS::Region}:${Account}:", "ecr:")
    return resource.replace("${AWS::StackName}", "<stack>").replace(".Arn}", "}").replace("${", "").replace("}", "")


def flattened(document: dict) -> list[dict]:
    """The document's statements, one action, one resource and one prefix each, in the document's order."""
    return [
        {**statement, "Action": action, "Resource": resource, **condition}
        for statement in document["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        for condition in conditions(statement)
    ]


def conditions(statement: dict) -> Iterator[dict]:
    condition = statement.get("Condition", {})
    prefixes = listed(condition.get("StringLike", {}).get("s3:prefix", []))
    for prefix in prefixes:
        yield {"Condition": {**condition, "StringLike": {"s3:prefix": prefix}}}
    if not prefixes:
        yield {}


def grants_of(role: str) -> list[Grant]:
    """In the order of the template, which is that of the deployed policies."""
    policies = template()["Resources"][role]["Properties"]["Policies"]
    return [
        Grant(
            role,
            one["Action"],
            text(one["Resource"]),
            one.get("Condition", {}).get("StringLike", {}).get("s3:prefix", ""),
        )
        for policy in policies
        for one in flattened(policy["PolicyDocument"])
    ]


def grants_of_a_key() -> list[Grant]:
    """What roles are granted beside their own policies, in a stack with a key."""
    return [
        Grant(role["Ref"], one["Action"], text(one["Resource"]))
        for policy in resources("AWS::IAM::Policy").values()
        for role in policy["Roles"]
        for one in flattened(policy["PolicyDocument"])
    ]


def every_grant() -> list[Grant]:
    return list(dict.fromkeys([grant for role in principals() for grant in grants_of(role)] + grants_of_a_key()))
