"""Glue: a crawler's call is about the crawler.

AWS: "Specifying AWS Glue resource ARNs" of the Glue Developer Guide,
/glue/latest/dg/glue-specifying-resource-arns.html: calls outside of the catalog name resources of their own. MiniStack
names a table to IAM.
"""

import json
from typing import Any

from local import ministack


def install() -> None:
    def resource_arn(service: str, method: str, path: str, headers: dict, body: bytes, *rest: Any) -> str:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if service == "glue" and operation.endswith("Crawler"):
            _query, region, account = rest
            return f"arn:aws:glue:{region}:{account}:crawler/{json.loads(body or b'{}').get('Name', '*')}"
        return before(service, method, path, headers, body, *rest)

    before = ministack.resource_arn_of.replace(resource_arn)
