"""Hive's types of a Parquet file's columns, from what DuckDB's parquet_schema() says about its footer.

AWS does not document the mapping. It is Spark's, which Athena reads: unsigned integers take the next wider type,
times of day and UUIDs, which Hive does not know, stay what they are stored as.
"""

from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]

QUERY = "select name, type, repetition_type, num_children, converted_type, scale, precision, logical_type"

_ANNOTATED = {
    "UTF8": "string",
    "ENUM": "string",
    "JSON": "string",
    "DATE": "date",
    "TIMESTAMP_MILLIS": "timestamp",
    "TIMESTAMP_MICROS": "timestamp",
    "INT_8": "tinyint",
    "INT_16": "smallint",
    "INT_32": "int",
    "INT_64": "bigint",
    "UINT_8": "smallint",
    "UINT_16": "int",
    "UINT_32": "bigint",
    "UINT_64": "decimal(20,0)",
}
_LOGICAL = {"String": "string", "Enum": "string", "Json": "string", "Date": "date", "Timestamp": "timestamp",
            "Float16": "float"}  # fmt: skip
_STORED = {
    "BOOLEAN": "boolean",
    "INT32": "int",
    "INT64": "bigint",
    "INT96": "timestamp",
    "FLOAT": "float",
    "DOUBLE": "double",
    "BYTE_ARRAY": "binary",
    "FIXED_LEN_BYTE_ARRAY": "binary",
}


def columns(schema: list[Node]) -> tuple[tuple[str, str], ...]:
    """Name and type of each column; the catalog's names are in lower case, and of equal ones the first stays."""
    nodes = iter(schema)
    types: dict[str, str] = {}
    for _ in range(next(nodes)["num_children"] or 0):
        name, kind = _field(nodes)
        types.setdefault(name.lower(), kind)
    return tuple(types.items())


def _field(nodes: Iterator[Node]) -> tuple[str, str]:
    """The next field of the flattened tree, taking all that belongs to it."""
    node = next(nodes)
    kind = _group(node, nodes) if node["num_children"] else _leaf(node)
    return node["name"], f"array<{kind}>" if node["repetition_type"] == "REPEATED" else kind


def _group(node: Node, nodes: Iterator[Node]) -> str:
    annotated = node["converted_type"] or (node["logical_type"] or "").removesuffix("Type()").upper()
    if annotated == "LIST":
        return f"array<{_element(node, nodes)}>"
    if annotated in ("MAP", "MAP_KEY_VALUE"):
        entries = next(nodes)
        kinds = [_field(nodes)[1] for _ in range(entries["num_children"])]
        return f"map<{','.join(kinds)}>"
    return _struct([_field(nodes) for _ in range(node["num_children"])])


def _struct(children: list[tuple[str, str]]) -> str:
    return "struct<" + ",".join(f"{name}:{kind}" for name, kind in children) + ">"


def _element(node: Node, nodes: Iterator[Node]) -> str:
    """A list's element, by the format's rules for files of older writers: a repeated group of one is only a wrapper."""
    repeated = next(nodes)
    if not repeated["num_children"]:
        return _leaf(repeated)
    if repeated["num_children"] > 1 or repeated["name"] in ("array", f"{node['name']}_tuple"):
        return _struct([_field(nodes) for _ in range(repeated["num_children"])])
    return _field(nodes)[1]


def _leaf(node: Node) -> str:
    if node["converted_type"] == "DECIMAL" or (node["logical_type"] or "").startswith("Decimal"):
        return f"decimal({node['precision']},{node['scale'] or 0})"
    logical = (node["logical_type"] or "").partition("Type(")[0]
    return _ANNOTATED.get(node["converted_type"] or "") or _LOGICAL.get(logical) or _STORED[node["type"]]
