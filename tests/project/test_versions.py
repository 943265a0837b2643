"""The versions of the steps' functions: what is published, when, and what the machines name."""

import json
import subprocess

import pytest

from common.versions import KEPT
from tests.support.template import ROOT, functions, resources, template

MACHINES = resources("AWS::Serverless::StateMachine")
# In the SAM CLI's environment, whose transformation it is: by edit of the template, the functions whose version is new.
PROGRAM = """
import json, re, sys
from types import SimpleNamespace

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

def versions(text):
    text = re.sub(r"(?<=Uri: )([\\w.]+)/", r"s3://bucket/\\1", text)
    made = transform(yaml_parse(text), {}, SimpleNamespace(load=dict))["Resources"]
    found = {name: one for name, one in made.items() if one["Type"] == "AWS::Lambda::Version"}
    policies = {(one["DeletionPolicy"], one["UpdateReplacePolicy"]) for one in found.values()}
    assert policies == {("Retain", "Retain")}, policies
    return {one["Properties"]["FunctionName"]["Ref"]: name for name, one in found.items()}

text = open("template.yaml").read()
before = versions(text)
for edit in json.load(sys.stdin):
    assert edit[0] in text, edit
    after = versions(text.replace(*edit))
    print(json.dumps(sorted(name for name in before if before[name] != after[name])))
"""


def parameters_in(value: object) -> set[str]:
    """The template's parameters to which something refers by !Ref or in !Sub."""
    if isinstance(value, dict):
        named = {value["Ref"]} if isinstance(value.get("Ref"), str) else set()
        named |= {name for name in template()["Parameters"] if "${" + name + "}" in str(value.get("Fn::Sub", ""))}
        return (named & set(template()["Parameters"])).union(*map(parameters_in, value.values()))
    return set().union(*map(parameters_in, value)) if isinstance(value, list) else set()


def published() -> dict[str, dict]:
    return {name: one for name, one in functions().items() if one["AutoPublishAlias"]}


def called() -> set[str]:
    """The functions that the machines' definitions name."""
    given = [machine["DefinitionSubstitutions"] for machine in MACHINES.values()]
    return {name.removesuffix("Arn") for one in given for name in one if name.endswith("FunctionArn")}


def test_the_machines_name_versions():
    """An alias moves, and a function is updated: only a version stays what it was when an execution began."""
    for machine in MACHINES.values():
        for name, value in machine["DefinitionSubstitutions"].items():
            if name.endswith("FunctionArn"):
                assert value == {"Ref": f"{name.removesuffix('Arn')}.Version"}


def test_the_functions_of_steps_are_published_and_no_others():
    assert set(published()) == called()
    assert {one["AutoPublishAlias"] for one in published().values()} == {"live"}


@pytest.mark.parametrize("name", published())
def test_a_changed_parameter_publishes_a_version(name):
    """SAM does not look at values. So they stand in the version's description, a change of which replaces it. What
    changes the description alone, and not the function, would fail the deployment: Lambda has that version already."""
    function = published()[name]
    described = function.pop("VersionDescription")
    function.pop("ReservedConcurrentExecutions", None)  # of the function, not of a version
    assert parameters_in(described) == parameters_in(function)
    assert template()["Resources"][name]["UpdateReplacePolicy"] == "Retain"  # which SAM hands on to the version


def test_a_description_of_a_version_is_short_enough():
    (described,) = {json.dumps(one["VersionDescription"]) for one in published().values()}
    parameters = template()["Parameters"]
    fractions = dict.fromkeys(["TestFraction", "BadRowTolerance"], len("0.123456"))
    types = dict.fromkeys(["TrainingInstanceType", "EndpointInstanceType"], len("c5.18xlarge"))
    images = dict.fromkeys(["TrainingImage", "InferenceImage"], 64)  # a digest, and by their patterns a tag
    firsts = {"Architecture": 1, "EndpointMode": len("t")}
    longest = {"KmsKeyArn": 36, **firsts, **fractions, **types, **images}
    words = [
        longest.get(name, max(len(str(one)) for one in [parameters[name].get("MaxValue", ""), *_allowed(name)]))
        for name in parameters_in(json.loads(described))
    ]
    assert sum(words) + len(words) <= 256


def _allowed(name: str) -> list[str]:
    return template()["Parameters"][name].get("AllowedValues", [""])


def test_what_changes_a_function_publishes_a_version_and_nothing_else_does():
    edits = {
        "CodeUri: functions/": "CodeUri: functions2/",
        "ContentUri: training/": "ContentUri: training2/",
        "      LayerName: !Sub ${AWS::StackName}-sklearn\n": "      LayerName: !Sub ${AWS::StackName}-sklearn2\n",
        "POWERTOOLS_LOG_LEVEL: INFO": "POWERTOOLS_LOG_LEVEL: DEBUG",
        "Description: Topic that says how runs end.": "Description: else",
    }
    python = ROOT / ".venv-sam" / "bin" / "python"
    done = subprocess.run(
        [python, "-c", PROGRAM],
        cwd=ROOT,
        input=json.dumps(list(edits.items())),
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    code, training, sklearn, environment, other = map(json.loads, done.stdout.splitlines())
    with_layer = {
        layer: sorted(name for name, one in published().items() if {"Ref": layer} in one["Layers"])
        for layer in ("TrainingCodeLayer", "SklearnLayer")
    }
    assert code == environment == sorted(published())
    assert training == with_layer["TrainingCodeLayer"]
    assert sklearn == with_layer["SklearnLayer"]
    assert other == []


def test_documents_tell_how_many_versions_stay():
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert KEPT == 10
    assert "the newest ten of each function" in text
