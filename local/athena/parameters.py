"""ExecutionParameters: what stands for the question marks of a statement."""

import dataclasses
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.athena.errors import MalformedQuery
from local.athena.models import CreateTableAs, Query, Unload
from local.athena.statements import Dialect


def bind(statement: Any, values: list[str]) -> Any:
    """The statement with its parameters in order, each an expression of SQL as AWS has it: 'text' or 1."""
    if isinstance(statement, CreateTableAs | Unload):
        return dataclasses.replace(statement, query=bind(statement.query, values))
    if not isinstance(statement, Query):
        return statement
    tree = statement.tree
    places = list(tree.find_all(exp.Placeholder, bfs=False))
    if len(places) != len(values):
        raise MalformedQuery(f"Incorrect number of parameters: expected {len(places)} but found {len(values)}")
    for place, value in zip(places, values, strict=True):
        try:
            place.replace(exp.maybe_parse(value, dialect=Dialect()))
        except SqlglotError:
            raise MalformedQuery(f"Invalid parameter: {value}") from None
    return dataclasses.replace(statement, tree=tree)
