"""Which partitions of a table a query can need: the question that is asked before the table is read.

Trino reads a partition only where the predicates on its keys leave it in, and at run time only where a join does: the
values of the join's right side are its dynamic filter, for IN with a subquery too
(trino.io/docs/current/admin/dynamic-filtering.html, prestosql.io/blog/2020/06/14/dynamic-partition-pruning.html). Here
the same conditions are asked of the table's list of partitions, which costs no file. As in Trino, what stands left of
the table in a join leaves nothing out, and neither does the optional side of an outer join.

Without a condition more partitions stay and the answer is the same, so one that is not understood is not asked.
"""

import dataclasses
from collections.abc import Iterator

from sqlglot import exp

PLACES = "$places"  # behind a table's name: its partitions, by key values and by PLACE, their number in the catalog
PLACE = "$place"
# Asked twice, these may answer otherwise the second time.
_UNSTEADY = (exp.Rand, exp.Randn, exp.Uuid, exp.Limit, exp.Fetch, exp.Offset, exp.TableSample)


@dataclasses.dataclass(frozen=True)
class _Join:
    """A table within a SELECT: its alias, those joined to it that can leave partitions out, and every condition."""

    alias: str
    sources: dict[str, exp.Expression]
    conditions: list[exp.Expression]
    outer: set[str]  # aliases of all that the SELECT reads
    alone: bool


def question(table: exp.Table, keys: set[str]) -> exp.Select | None:
    """The query for the places of the partitions that may give rows; None where no condition leaves any out.

    `keys` are the table's partition keys in lower case.
    """
    select = table.parent.parent if isinstance(table.parent, exp.From | exp.Join) else None
    joined = _join(select, table) if isinstance(select, exp.Select) else None
    if joined is None or not isinstance(select, exp.Select):
        return None
    used = [(one, names) for one in joined.conditions if (names := _names(one, joined, keys))]
    linked = {joined.alias}
    while more := {name for _, names in used if names & linked for name in names} - linked:
        linked |= more
    asked = [one for one, names in used if names <= linked]
    if not asked:
        return None
    chosen = exp.select(exp.column(PLACE, table=joined.alias, quoted=True)).distinct().from_(_places(table))
    for name in sorted(linked - {joined.alias}):
        chosen = chosen.join(joined.sources[name].copy(), join_type="cross")
    return _with(chosen.where(*(one.copy() for one in asked)), select)


def _places(table: exp.Table) -> exp.Table:
    places = table.copy()
    places.set("this", exp.to_identifier(f"{table.name}{PLACES}", quoted=True))
    places.this.meta.update(table.this.meta)
    places.set("alias", exp.TableAlias(this=exp.to_identifier(table.alias_or_name.lower(), quoted=True)))
    return places


def _join(select: exp.Select, table: exp.Table) -> _Join | None:
    """None where an outer join or another form lets rows through that the conditions do not hold for."""
    joins: list[exp.Join] = select.args.get("joins") or []
    read = [select.args["from_"].this, *(join.this for join in joins)]
    alias = table.args.get("alias")
    if any(join.side not in ("", "LEFT") or join.kind not in ("", "INNER", "CROSS", "OUTER") for join in joins):
        return None
    if any(one.args.get("joins") for one in read) or (alias and alias.columns):
        return None
    at = next(number for number, one in enumerate(read) if one is table)
    own, outer, alone = table.alias_or_name.lower(), {one.alias_or_name.lower() for one in read}, not joins
    if at and joins[at - 1].side:
        return _Join(own, {}, list(_conjuncts(joins[at - 1].args.get("on"))), outer, alone)
    inner = [join for join in joins if not join.side]
    where = select.args.get("where")
    held = [where and where.this, *(join.args.get("on") for join in inner)]
    conditions = [one for condition in held for one in _conjuncts(condition)]
    sources = {
        join.this.alias_or_name.lower(): join.this
        for join in inner
        if any(one is join.this for one in read[at + 1 :])
        if isinstance(join.this, exp.Table | exp.Subquery) and _is_steady(join.this)
    }
    for join in inner if at == 0 else []:
        for column in join.args.get("using") or []:
            sides = (exp.column(column.name, table=name, quoted=True) for name in (own, join.this.alias_or_name))
            conditions.append(exp.EQ(**dict(zip(("this", "expression"), sides, strict=True))))
    return _Join(own, sources, [one for one in conditions if _is_steady(one)], outer, alone)


def _conjuncts(condition: exp.Expression | None) -> Iterator[exp.Expression]:
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    elif isinstance(condition, exp.Paren):
        yield from _conjuncts(condition.this)
    elif condition is not None:
        yield condition


def _is_steady(node: exp.Expression) -> bool:
    return next(iter(node.find_all(*_UNSTEADY)), None) is None


def _names(condition: exp.Expression, joined: _Join, keys: set[str]) -> set[str]:
    """The aliases that a condition is about; none where it needs more than keys and what is joined."""
    names = set()
    for column in condition.find_all(exp.Column):
        table, inside = column.table.lower(), _is_inside(column, condition)
        if column.args.get("db"):
            return set()
        if not table and not inside and joined.alone:
            table = joined.alias
        if inside and table not in joined.outer:
            continue  # the subquery's own
        if table == joined.alias and column.name.lower() not in keys:
            return set()
        if table != joined.alias and table not in joined.sources:
            return set()
        names.add(table)
    return names


def _is_inside(column: exp.Column, condition: exp.Expression) -> bool:
    """Whether the column stands in a query within the condition."""
    query = column.find_ancestor(exp.Query)
    return query is not None and (query is condition or condition in _ancestors(query))


def _ancestors(node: exp.Expression) -> Iterator[exp.Expression]:
    while node.parent is not None:
        node = node.parent
        yield node


def _with(chosen: exp.Select, select: exp.Select) -> exp.Select | None:
    """The question with the named queries that it reads; they are those before the one that the SELECT stands in."""
    visible: list[exp.CTE] = []
    node: exp.Expression | None = select
    while node is not None:
        named = node.args.get("with_") if isinstance(node, exp.Query) else None
        visible = [*(named.expressions if named else []), *visible]
        if isinstance(node, exp.CTE):
            group = node.parent
            visible = [*group.expressions[: group.expressions.index(node)], *visible]
            node = group.parent
        if named and named.args.get("recursive"):
            return None
        node = node.parent
    read = {table.name.lower() for table in chosen.find_all(exp.Table) if not table.db}
    if read & {one.alias.lower() for one in visible}:
        chosen.set("with_", exp.With(expressions=[one.copy() for one in visible]))
    return chosen
