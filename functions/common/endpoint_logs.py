"""The log group of each endpoint. SageMaker would make it by itself, and keep it for ever."""

import datetime

from common import aws, clock, sagemaker, telemetry
from common.events import NamedRun
from common.settings import Settings

FOLDER = "/aws/sagemaker/Endpoints/"


def create(setting: Settings, endpoint: str, run: NamedRun) -> None:
    """Make the group that the endpoint will write to, unless an earlier try did; its lines expire."""
    client, group = aws.logs(), f"{FOLDER}{endpoint}"
    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.tags(run)}
    try:
        client.create_log_group(logGroupName=group, tags=tags, **sagemaker.key(setting, "kmsKeyId"))
    except client.exceptions.ResourceAlreadyExistsException:
        telemetry.logger.info("the endpoint's log group has been made before", group=group)
    client.put_retention_policy(logGroupName=group, retentionInDays=setting.log_retention_days)


def delete(stack: str, older_days: int) -> list[str]:
    """Delete the groups of the stack's endpoints that are older; their names."""
    pages = aws.logs().get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"{FOLDER}{stack}-")
    old = [
        group
        for page in pages
        for group in page["logGroups"]
        if clock.seconds_since(_instant(group["creationTime"])) >= older_days * 86400
    ]
    return [group["logGroupName"] for group in old if _deleted(group, stack)]


def _deleted(group: dict, stack: str) -> bool:
    """Delete the group if the stack made it: one whose name begins with ours and a hyphen has the prefix, too."""
    client = aws.logs()
    try:
        answer = client.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))
        if answer["tags"].get("Stack") != stack:
            return False
        client.delete_log_group(logGroupName=group["logGroupName"])
    except client.exceptions.ResourceNotFoundException:  # it has gone since it was listed
        return False
    return True


def _instant(milliseconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)
