"""What roles may do in the buckets: the incoming bucket is read only, leases are written by few, nothing is deleted."""

import itertools

from tests.project.test_roles import ALL, actions, granted
from tests.support.template import listed, principals, statements, text


def on(bucket: str, name: str) -> list[tuple[str, str]]:
    """The actions of a role on a bucket, each with what follows the bucket's name in the resource."""
    return [
        (action, text(arn).partition("}")[2])
        for statement in statements(name)
        for action, arn in itertools.product(listed(statement["Action"]), listed(statement["Resource"]))
        if text(arn).startswith(f"${{{bucket}.")
    ]


def test_nothing_writes_to_the_incoming_bucket_and_only_split_reads_files():
    settings = {("s3:ListBucket", ""), ("s3:GetObject", "/incoming/*/settings.json")}
    touching = {name: set(on("IncomingBucket", name)) for name in principals() if on("IncomingBucket", name)}
    assert touching == {
        "SplitRole": settings | {("s3:GetObjectVersion", "/incoming/*")},
        "GatherRole": settings | {("s3:ListBucketVersions", "")},
        "HandOverRole": settings,
    }


def test_an_absent_object_is_told_from_a_forbidden_one():
    """Without ListBucket S3 answers 403 for a key that is absent; common.storage.find lists before it reads."""
    found = {"leads": "GatherRole CheckDataRole SummarizeRole HandOverRole CleanUpRole", "verdicts": "SplitRole"}
    found["plans"] = "GatherRole"
    for prefix, roles in found.items():
        for name in roles.split():
            assert ("s3:GetObject", f"/{prefix}/*") in on("LakeBucket", name)
            assert f"{prefix}/*" in prefixes(name), name


def prefixes(name: str) -> set[str]:
    """What of the lake a role lists."""
    listing = [one for one in statements(name) if one["Action"] == "s3:ListBucket" and "Condition" in one]
    return {prefix for one in listing for prefix in listed(one["Condition"]["StringLike"]["s3:prefix"])}


def test_nothing_deletes_an_object():
    """History, verdicts and published runs stay; what expires does so by the buckets' rules."""
    assert [name for name in principals() if any(action.startswith("s3:Delete") for action in actions(name))] == []


def test_only_who_leads_writes_a_lease_and_only_conditions_decide():
    """Split, which 500 executions run at once, can neither take a lease nor read one."""
    writing = {name for name in principals() if ("s3:PutObject", "/leads/*") in on("LakeBucket", name)}
    assert writing == {"GatherRole", "HandOverRole", "CleanUpRole"}
    assert not any("leads" in resource for _, resource in on("LakeBucket", "SplitRole"))


def test_split_reads_the_very_version_that_was_dropped():
    assert granted("SplitRole", "s3:GetObjectVersion") == {"${IncomingBucket.Arn}/incoming/*"}


def test_listing_is_narrowed_to_prefixes():
    """But for the incoming bucket: S3 says that a version or settings.json is gone only to who may list all of it."""
    for name, statement in ALL:
        if "s3:ListBucket" in listed(statement["Action"]) and "IncomingBucket" not in text(statement["Resource"]):
            assert statement["Action"] == "s3:ListBucket", name
            allowed = listed(statement["Condition"]["StringLike"]["s3:prefix"])
            assert all(prefix.endswith("/*") and len(prefix) > 2 for prefix in allowed)


def test_buckets_are_named_with_a_prefix_of_keys():
    for name, statement in ALL:
        for arn in map(text, listed(statement["Resource"])):
            on_buckets = {"s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketLocation"}
            if "Bucket.Arn}" in arn and not on_buckets & set(listed(statement["Action"])):
                assert arn.split("}/")[1] not in ("", "*"), name
