"""Glue where MiniStack names the wrong resource to IAM: a crawler's call is about the crawler, not about a table."""

import json

from ministack.core import iam_actions

_ministack_arn = iam_actions.extract_resource_arn


def install() -> None:
    iam_actions.extract_resource_arn = _resource_arn


def _resource_arn(service, method, path, headers, body, query, region, account) -> str:
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if service == "glue" and operation.endswith("Crawler"):
        return f"arn:aws:glue:{region}:{account}:crawler/{json.loads(body or b'{}').get('Name', '*')}"
    return _ministack_arn(service, method, path, headers, body, query, region, account)
