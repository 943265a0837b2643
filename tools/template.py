"""template.yaml as data."""

import functools
from collections.abc import Iterator

import yaml

from tools import ROOT


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions: !Ref x becomes {"Ref": x}, !Sub x {"Fn::Sub": x}."""


def _function(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, object]:
    value: object = None
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


Loader.add_multi_constructor("!", _function)

# What SAM makes of its own types, and of what functions and machines have beside.
MADE = {
    "AWS::Serverless::Function": ["AWS::Lambda::Function"],
    "AWS::Serverless::LayerVersion": ["AWS::Lambda::LayerVersion"],
    "AWS::Serverless::StateMachine": ["AWS::StepFunctions::StateMachine"],
    "Schedule": ["AWS::Events::Rule", "AWS::Lambda::Permission"],
    "EventBridgeRule": ["AWS::Events::Rule", "AWS::IAM::Role"],
    "EventInvokeConfig": ["AWS::Lambda::EventInvokeConfig"],
    "AutoPublishAlias": ["AWS::Lambda::Version", "AWS::Lambda::Alias"],
}


@functools.cache
def template() -> dict:
    return yaml.load((ROOT / "template.yaml").read_text(), Loader)  # noqa: S506  a SafeLoader


def types() -> set[str]:
    """The types of the resources that CloudFormation makes, after SAM's transformation."""
    shared = template()["Globals"].get("Function", {})
    found: set[str] = set()
    for resource in template()["Resources"].values():
        parts = list(_parts(resource["Type"], resource.get("Properties", {}), shared))
        found |= {made for part in parts for made in MADE.get(part, [part])}
    return found


def _parts(kind: str, properties: dict, shared: dict) -> Iterator[str]:
    yield kind
    if kind.startswith("AWS::Serverless::"):
        yield from (event["Type"] for event in properties.get("Events", {}).values())
        having = {**shared, **properties} if kind == "AWS::Serverless::Function" else {}
        yield from (name for name in ("EventInvokeConfig", "AutoPublishAlias") if name in having)
