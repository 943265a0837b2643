"""What roles may do in the buckets: the incoming bucket is read only, leases are written by few, little is deleted."""

import itertools

import retire
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
        "ResumeRole": settings | {("s3:ListBucketVersions", "")},
        "RetireRole": {("s3:ListBucket", "")},
    }


def test_an_absent_object_is_told_from_a_forbidden_one():
    """Without ListBucket S3 answers 403 for a key that is absent; common.storage.find lists before it reads."""
    found = {
        "leads": "GatherRole CheckDataRole StartTrainingRole SummarizeRole HandOverRole CleanUpRole ResumeRole "
        "RetireRole",
        "verdicts": "SplitRole",
        "plans": "GatherRole RetireRole",
        "told": "NotifyRole ResumeRole",
    }
    for prefix, roles in found.items():
        for name in roles.split():
            assert ("s3:GetObject", f"/{prefix}/*") in on("LakeBucket", name)
            assert f"{prefix}/*" in prefixes(name), name


def prefixes(name: str) -> set[str]:
    """What of the lake a role lists."""
    listing = [one for one in statements(name) if one["Action"] == "s3:ListBucket" and "Condition" in one]
    return {prefix for one in listing for prefix in listed(one["Condition"]["StringLike"]["s3:prefix"])}


def test_only_retire_and_resume_delete_and_only_what_old_runs_and_messages_leave():
    """History, verdicts, plans, rows of runs and forecasts of future days stay; the rest expires by buckets' rules."""
    deleting = {
        name: {(action, resource) for action, resource in on("LakeBucket", name) if action.startswith("s3:Delete")}
        for name in principals()
        if any(action.startswith("s3:Delete") for action in actions(name))
    }
    assert deleting == {
        "ResumeRole": {("s3:DeleteObject", "/untold/*")},
        "RetireRole": {
            ("s3:DeleteObject", f"/{folder}/*/{beginning}*" if beginning else f"/{folder}/*")
            for folder, beginning in {**retire.GOING, "models": ""}.items()
        },
    }
    assert {folder for folder, beginning in retire.GOING.items() if not beginning} == {
        "prices", "facts", "metrics", "reports",
    }  # fmt: skip


def test_forecasts_of_future_days_are_written_by_summarize_and_can_be_deleted_by_nobody():
    touching = {
        (name, action, resource)
        for name in principals()
        for action, resource in on("LakeBucket", name)
        if resource.startswith("/predictions") and action in ("s3:PutObject", "s3:DeleteObject")
    }
    assert touching == {
        ("PublishRole", "s3:PutObject", "/predictions/*/test-*"),
        ("SummarizeRole", "s3:PutObject", "/predictions/*/future-*"),
        ("RetireRole", "s3:DeleteObject", "/predictions/*/test-*"),
    }


def test_only_who_leads_writes_a_lease_and_only_conditions_decide():
    """Split, which 500 executions run at once, can neither take a lease nor read one."""
    writing = {name for name in principals() if ("s3:PutObject", "/leads/*") in on("LakeBucket", name)}
    assert writing == {"GatherRole", "HandOverRole", "CleanUpRole", "ResumeRole"}
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
