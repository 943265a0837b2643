"""AWS::Athena::NamedQuery in CloudFormation, which MiniStack lacks."""

from ministack.services import athena
from ministack.services.cloudformation import provisioners

_PROPERTIES = ("Name", "Description", "Database", "QueryString", "WorkGroup")


def install() -> None:
    provisioners._RESOURCE_HANDLERS["AWS::Athena::NamedQuery"] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }


def _create(_logical_id: str, properties: dict, _stack: str) -> tuple[str, dict]:
    given = {name: properties[name] for name in _PROPERTIES if name in properties}
    answer = provisioners._glue_call(athena._create_named_query, given, "AWS::Athena::NamedQuery", "create")
    return answer["NamedQueryId"], {"NamedQueryId": answer["NamedQueryId"]}


def _update(physical_id: str, old: dict, new: dict, stack: str) -> tuple[str, dict]:
    """Every property replaces the query."""
    created = _create("", new, stack)
    _delete(physical_id, old)
    return created


def _delete(physical_id: str, _properties: dict) -> None:
    athena._delete_named_query({"NamedQueryId": physical_id})
