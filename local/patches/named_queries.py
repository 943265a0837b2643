"""CloudFormation: the resource type AWS::Athena::NamedQuery, which MiniStack lacks.

AWS: "AWS::Athena::NamedQuery" of the CloudFormation Template Reference,
/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-namedquery.html: the properties, each of which
replaces the query when it changes, and the attribute NamedQueryId.
"""

import json

from local import ministack

_PROPERTIES = ("Name", "Description", "Database", "QueryString", "WorkGroup")


def install() -> None:
    handlers = {"create": _create, "update": _update, "delete": _delete}
    ministack.resource_handlers["AWS::Athena::NamedQuery"] = handlers


def _create(_logical_id: str, properties: dict, _stack: str) -> tuple[str, dict]:
    given = {name: properties[name] for name in _PROPERTIES if name in properties}
    status, _, body = ministack.create_named_query(given)
    if status >= 400:
        raise ValueError(f"AWS::Athena::NamedQuery create failed: {body!r}")
    query_id = json.loads(body)["NamedQueryId"]
    return query_id, {"NamedQueryId": query_id}


def _update(physical_id: str, old: dict, new: dict, stack: str) -> tuple[str, dict]:
    created = _create("", new, stack)
    _delete(physical_id, old)
    return created


def _delete(physical_id: str, _properties: dict) -> None:
    ministack.delete_named_query({"NamedQueryId": physical_id})
