"""The template's containers against the SageMaker SDK's own tables, which make setup puts into .venv-images."""

import json
import re

import botocore.session
import pytest
import yaml

from tests.support.template import ROOT, resources, template
from tools.generate import images

CHOSEN = images.chosen((ROOT / "template.yaml").read_text())


def test_the_mapping_is_that_of_the_sdks_tables():
    written = template()["Mappings"]["Containers"]
    accounts = images.accounts(images.tables(), CHOSEN)
    assert {region: entry["Account"] for region, entry in written.items()} == accounts


def test_most_regions_are_there():
    regions = set(template()["Mappings"]["Containers"])
    assert {"us-east-1", "us-west-2", "eu-central-1", "eu-west-1", "ap-northeast-1", "sa-east-1"} <= regions
    assert len(regions) > 30


def test_both_containers_are_named_and_pulled_under_the_names_the_sdk_gives():
    assert set(CHOSEN) == set(images.REPOSITORIES.values())
    roles = str({name: resources("AWS::IAM::Role")[name] for name in ("TrainingRole", "EndpointRole")})
    assert set(re.findall(r"repository/([\w-]+)", roles)) == set(CHOSEN)


def test_the_server_is_not_newer_than_the_training_that_feeds_it_and_only_one_minor_version_apart():
    """A SavedModel of TensorFlow 2.21 was loaded by 2.20's server: measured, not promised for wider gaps."""
    versions = {name: tuple(map(int, version.split("."))) for name, (version, _) in CHOSEN.items()}
    training, inference = versions["tensorflow-training"], versions["tensorflow-inference"]
    assert training[0] == inference[0]
    assert 0 <= training[1] - inference[1] <= 1


def test_the_container_that_training_is_tested_with_is_the_templates():
    version, python = CHOSEN["tensorflow-training"]
    pins = dict(re.findall(r"(?m)^([\w-]+)==(\S+)", (ROOT / "requirements/container.in").read_text()))
    assert pins["tensorflow-cpu"].startswith(f"{version}.")
    (asked,) = re.findall(r"CONTAINER_PYTHON \?= (\S+)", (ROOT / "Makefile").read_text())
    weekly = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"]["container"]["steps"]
    assert {f"py{one.replace('.', '')}" for one in (asked, weekly[1]["with"]["python-version"])} == {python}


def test_the_functions_name_the_containers_of_the_parameters():
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    for variable, parameter in (("TRAINING_IMAGE", "TrainingImage"), ("INFERENCE_IMAGE", "InferenceImage")):
        written, values = variables[variable]["Fn::Sub"]
        assert written == f"${{Account}}.dkr.ecr.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{parameter}}}"
        assert list(values) == ["Account"]


def test_a_container_that_the_sdk_does_not_know_is_refused():
    with pytest.raises(ValueError, match="the SDK knows no tensorflow-training:1"):
        images.accounts(
            images.tables(), {"tensorflow-training": ("1.99", "py312"), "tensorflow-inference": ("2.20", "py312")}
        )


def test_the_section_is_yaml_of_one_line_per_region():
    assert images.mapping({"us-east-1": "763104351884"}).splitlines()[-1] == '    us-east-1: {Account: "763104351884"}'


def offered(use: str) -> dict[str, set[str]]:
    """The instance types that cfn-lint's tables know, by region; use is hosting or processing."""
    (file,) = ROOT.glob(
        f".venv-sam/lib/python*/site-packages/cfnlint/data/schemas/extensions/aws_sagemaker_{use}/instancetype_enum.json"
    )
    return {region: set(entry["enum"]) for region, entry in json.loads(file.read_text()).items() if "enum" in entry}


# The tables have no training. A type that processing has in a region, training has.
UNKNOWN = {"ap-east-2"}  # whose table of processing has no type of the template's families


@pytest.mark.parametrize(
    ("parameter", "use"), [("TrainingInstanceType", "processing"), ("EndpointInstanceType", "hosting")]
)
def test_every_region_has_an_instance_type_that_may_be_chosen(parameter, use):
    types = template()["Parameters"][parameter]["AllowedValues"]
    known = offered(use)
    without = {region for region in template()["Mappings"]["Containers"] if not known[region] & set(types)}
    assert without == (UNKNOWN if use == "processing" else set())


@pytest.mark.parametrize(
    ("parameter", "use"), [("TrainingInstanceType", "processing"), ("EndpointInstanceType", "hosting")]
)
def test_where_the_default_is_not_offered_a_rule_asks_for_another(parameter, use):
    rule = template()["Rules"]["RegionHasM6iOnly"]
    regions = set(rule["RuleCondition"]["Fn::Contains"][0])
    default = template()["Parameters"][parameter]["Default"]
    assert regions == {region for region in template()["Mappings"]["Containers"] if default not in offered(use)[region]}
    ((allowed, _),) = [
        one["Assert"]["Fn::Contains"]
        for one in rule["Assertions"]
        if one["Assert"]["Fn::Contains"][1] == {"Ref": parameter}
    ]
    assert set(allowed) == {
        name for name in template()["Parameters"][parameter]["AllowedValues"] if re.match(r"ml\.m[67]i\.", name)
    }


def test_a_rule_refuses_the_type_that_endpoints_have_and_transform_jobs_have_not():
    sagemaker = botocore.session.get_session().get_service_model("sagemaker")
    types = set(template()["Parameters"]["EndpointInstanceType"]["AllowedValues"])
    rule = template()["Rules"]["TransformHasNoC5Large"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "EndpointMode"}, "transform"]}
    refused = [one["Assert"]["Fn::Not"][0]["Fn::Equals"] for one in rule["Assertions"]]
    lacked = types - set(sagemaker.shape_for("TransformInstanceType").enum)
    assert refused == [[{"Ref": "EndpointInstanceType"}, kind] for kind in sorted(lacked)]
    assert lacked < types <= set(sagemaker.shape_for("ProductionVariantInstanceType").enum)


def test_where_transform_jobs_lack_the_default_a_rule_refuses_it():
    """Of regions that have it for endpoints: the others are refused it in any mode. Two are in no table."""
    default = template()["Parameters"]["EndpointInstanceType"]["Default"]
    transform, hosting = offered("transform"), offered("hosting")
    regions = set(template()["Mappings"]["Containers"]) & set(transform)
    lacking = {region for region in regions if default in hosting[region] and default not in transform[region]}
    rule = template()["Rules"]["TransformHasNoM5Large"]
    mode, where = rule["RuleCondition"]["Fn::And"]
    assert mode == {"Fn::Equals": [{"Ref": "EndpointMode"}, "transform"]}
    assert set(where["Fn::Contains"][0]) == lacking != set()
    (refused,) = [one["Assert"]["Fn::Not"][0]["Fn::Equals"] for one in rule["Assertions"]]
    assert refused == [{"Ref": "EndpointInstanceType"}, default]
    assert all("ml.m5.xlarge" in transform[region] for region in lacking), "which the rule advises"


def test_regions_of_other_partitions_are_refused_by_a_rule():
    (rule,) = template()["Rules"]["RegionHasContainers"]["Assertions"]
    refused = set(rule["Assert"]["Fn::Not"][0]["Fn::Contains"][0])
    known = images.tables()["training"]["versions"]["2.21.0"]["registries"]
    assert refused == {region for region in known if region.startswith(("cn-", "us-gov-"))}
    assert not any(region.startswith(images.OTHER_PARTITIONS) for region in template()["Mappings"]["Containers"])
