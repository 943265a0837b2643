"""Athena: a call on a query is about the query's workgroup, and one on the catalog about the data catalog.

AWS: "Actions, resources, and condition keys for Amazon Athena" of the Service Authorization Reference,
/service-authorization/latest/reference/list_amazonathena.html. MiniStack names a resource to IAM only where the request
names a workgroup.
"""

import json
from typing import Any

from local import ministack


def install() -> None:
    def resource_arn(service: str, method: str, path: str, headers: dict, body: bytes, *rest: Any) -> str:
        if service != "athena":
            return before(service, method, path, headers, body, *rest)
        _query, region, account = rest
        return f"arn:aws:athena:{region}:{account}:{resource}" if (resource := _resource(body)) else "*"

    before = ministack.resource_arn_of.replace(resource_arn)


def _resource(body: bytes) -> str:
    """The last part of the ARN; empty where a call names nothing, as lists of everything do."""
    asked = json.loads(body or b"{}")
    ids = [*asked.get("QueryExecutionIds", []), asked.get("QueryExecutionId")]
    queries = [ministack.query_executions.get(one) for one in ids if one]
    if "WorkGroup" in asked or any(queries):
        group = asked.get("WorkGroup") or next(query for query in queries if query)["WorkGroup"]
        return f"workgroup/{group}"
    if "QueryString" in asked:
        return "workgroup/primary"
    return f"datacatalog/{asked['CatalogName']}" if "CatalogName" in asked else ""
