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
        resource = _resource(headers.get("x-amz-target", "").rpartition(".")[2], json.loads(body or b"{}"))
        return f"arn:aws:athena:{region}:{account}:{resource}" if resource else "*"

    before = ministack.resource_arn_of.replace(resource_arn)


def _resource(operation: str, asked: dict[str, Any]) -> str:
    """The last part of the ARN; empty where a call names nothing, as lists of everything do."""
    if operation.endswith("DataCatalog"):
        return f"datacatalog/{asked.get('Name', '*')}"
    if "CatalogName" in asked:
        return f"datacatalog/{asked['CatalogName']}"
    ids = [*asked.get("QueryExecutionIds", []), asked.get("QueryExecutionId")]
    queries = [query for one in ids if one and (query := ministack.query_executions.get(one))]
    groups = [asked.get("WorkGroup"), *(query["WorkGroup"] for query in queries)]
    if operation == "StartQueryExecution":
        groups.append("primary")
    return next((f"workgroup/{group}" for group in groups if group), "")
