"""What analysts and droppers of files may do: the policies that a stack offers to attach to people."""

import itertools
import re

import pytest

from tests.project.test_encryption import SIDES, side
from tests.support.template import listed, resources, template, text

PEOPLE = resources("AWS::IAM::ManagedPolicy")
READING = re.compile(r"^(Get|List|BatchGet|Describe)")


def statements(name: str, with_key: bool = False) -> list[dict]:
    return side(PEOPLE[name]["PolicyDocument"]["Statement"], with_key)


def granted(name: str) -> set[tuple[str, str]]:
    """Action and resource of each grant."""
    return {
        (action, text(arn))
        for statement in statements(name)
        for action, arn in itertools.product(listed(statement["Action"]), listed(statement["Resource"]))
    }


def on(bucket: str, name: str, action: str) -> set[str]:
    """The prefixes of a bucket that an action is granted on."""
    arns = {arn for granted_action, arn in granted(name) if granted_action == action}
    return {arn.partition(".Arn}/")[2] for arn in arns if arn.startswith(f"${{{bucket}.Arn}}")}


def tables() -> set[str]:
    """The folders of the lake that tables of the database lie in."""
    (crawler,) = resources("AWS::Glue::Crawler").values()
    made = [one["TableInput"]["StorageDescriptor"] for one in resources("AWS::Glue::Table").values()]
    locations = [target["Path"] for target in crawler["Targets"]["S3Targets"]]
    locations += [one["Location"] for one in made if one.get("Location")]
    return {text(location).removeprefix("s3://${LakeBucket}/") + "*" for location in locations}


def test_a_stack_offers_both_by_their_arns():
    offered = {text(one["Value"]) for name, one in template()["Outputs"].items() if name.endswith("PolicyArn")}
    assert offered == {f"${{{name}}}" for name in PEOPLE} == {"${AnalystPolicy}", "${DropperPolicy}"}


def test_an_analyst_reads_every_table_and_the_results_and_nothing_else_of_the_lake():
    assert on("LakeBucket", "AnalystPolicy", "s3:GetObject") == tables() | {"athena/*"}
    assert len(tables()) >= 6


def test_an_analyst_lists_the_tables_and_no_results():
    """Whoever could list them could read those of others: keys of results are ids that nobody can guess."""
    (listing,) = [one for one in statements("AnalystPolicy") if one["Action"] == "s3:ListBucket"]
    assert set(listing["Condition"]["StringLike"]["s3:prefix"]) == tables()
    assert {action for action, _ in granted("AnalystPolicy")} & {
        "athena:ListQueryExecutions", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads",
    } == set()  # fmt: skip


def test_an_analyst_writes_results_and_nothing_else():
    writing = {one for one in granted("AnalystPolicy") if not READING.match(one[0].partition(":")[2])}
    assert {action for action, _ in writing} == {
        "athena:StartQueryExecution", "athena:StopQueryExecution", "s3:PutObject", "s3:AbortMultipartUpload",
    }  # fmt: skip
    assert {arn for action, arn in writing if action.startswith("s3:")} == {"${LakeBucket.Arn}/athena/*"}


def test_results_are_where_the_workgroup_puts_them():
    (work_group,) = resources("AWS::Athena::WorkGroup").values()
    location = work_group["WorkGroupConfiguration"]["ResultConfiguration"]["OutputLocation"]
    assert text(location) == "s3://${LakeBucket}/athena/"


def test_a_dropper_puts_files_where_the_machine_looks_and_reads_none():
    assert granted("DropperPolicy") == {
        ("s3:PutObject", "${IncomingBucket.Arn}/incoming/*"),
        ("s3:AbortMultipartUpload", "${IncomingBucket.Arn}/incoming/*"),
        ("s3:ListBucket", "${IncomingBucket.Arn}"),
    }
    (listing,) = [one for one in statements("DropperPolicy") if one["Action"] == "s3:ListBucket"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "incoming/*"}}


@SIDES
@pytest.mark.parametrize("name", PEOPLE)
def test_the_key_is_used_through_s3_only_where_there_is_one(name, with_key):
    keyed = [one for one in statements(name, with_key) if "kms:" in str(one["Action"])]
    assert [one["Resource"] for one in keyed] == [{"Ref": "KmsKeyArn"}] * with_key
    for statement in keyed:
        assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
        assert statement["Condition"] == {"StringLike": {"kms:ViaService": "s3.*"}}


@pytest.mark.parametrize("name", PEOPLE)
def test_only_lists_are_granted_everywhere(name):
    assert all("List" in action for action, arn in granted(name) if arn == "*")


def test_links_of_the_outputs_lead_to_the_console_of_each_partition():
    consoles = template()["Mappings"]["Partitions"]
    assert set(consoles) == {"aws", "aws-cn", "aws-us-gov"}
    links = {name: one["Value"] for name, one in template()["Outputs"].items() if name.endswith("Console")}
    assert len(links) >= 6
    for link in links.values():
        url, named = link["Fn::Sub"]
        assert url.startswith("https://${Console}/")
        assert "region=${AWS::Region}" in url
        assert named["Console"] == {"Fn::FindInMap": ["Partitions", {"Ref": "AWS::Partition"}, "Console"]}
