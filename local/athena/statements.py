"""What kind of statement it is, and its query parsed as Trino's; what Athena refuses at submission is refused here."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp, tokens
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError

from local import ministack
from local.athena.errors import MalformedQuery, at
from local.athena.models import CreateTableAs, CreateView, DropView, Query, Unload, Utility

_VERBS = (
    "'ALTER', 'ANALYZE', 'CALL', 'COMMENT', 'COMMIT', 'CREATE', 'DEALLOCATE', 'DELETE', 'DENY', 'DESC', 'DESCRIBE', "
    "'DROP', 'EXECUTE', 'EXPLAIN', 'GRANT', 'INSERT', 'MERGE', 'PREPARE', 'REFRESH', 'RESET', 'REVOKE', 'ROLLBACK', "
    "'SET', 'SHOW', 'START', 'TRUNCATE', 'UNLOAD', 'UPDATE', 'USE', <query>"
)
_QUERIES = {"select", "with", "values", "table"}
_UTILITIES = {"show", "describe", "desc"}


class Dialect(Trino):
    """Trino's, remembering how the statement spells its functions and counts its indices."""

    NORMALIZE_FUNCTIONS = False
    INDEX_OFFSET = 0


def parse(sql: str) -> Any:
    """A statement of models.py, or MiniStack's CREATE EXTERNAL TABLE and DROP TABLE. Raises MalformedQuery."""
    cursor = ministack.StatementCursor(sql)
    while cursor.tokens and cursor.tokens[-1][:2] == ("punct", ";"):
        cursor.tokens.pop()
    if any(token[:2] == ("punct", ";") for token in cursor.tokens):
        raise MalformedQuery(f"Only one sql statement is allowed. Got: {sql}")
    if not cursor.tokens:
        raise MalformedQuery(f"{at(sql, len(sql))}: mismatched input '<EOF>'. Expecting: {_VERBS}")
    kind, verb, start, _ = cursor.peek()
    if verb in _QUERIES or (kind, verb) == ("punct", "("):
        return Query(_query(sql, start, cursor.tokens[-1][3]), sql)
    if verb in _UTILITIES:
        return Utility([text for _, text, _, _ in cursor.tokens])
    if (ddl := ministack.parse_ddl(sql)) is not None:
        return ddl
    for parser in (_create_view, _create_table_as, _drop_view, _unload):
        cursor.reset()
        if (statement := parser(cursor)) is not None:
            return statement
    if f"'{str(verb).upper()}'" in _VERBS or verb == "msck":
        raise MalformedQuery("Queries of this type are not supported")
    raise MalformedQuery(f"{at(sql, start)}: mismatched input '{verb}'. Expecting: {_VERBS}")


def _create_view(cursor: Any) -> CreateView | None:
    if not cursor.keywords("create"):
        return None
    replace = cursor.keywords("or", "replace")
    name = cursor.dotted_name(2) if cursor.keywords("view") else None
    if name is None or not cursor.keywords("as"):
        return None
    query = _rest(cursor)
    return CreateView(name, replace, query.source.strip(), query)


def _create_table_as(cursor: Any) -> CreateTableAs | None:
    if not cursor.keywords("create", "table"):
        return None
    if_not_exists = cursor.keywords("if", "not", "exists")
    name = cursor.dotted_name(2)
    properties = _properties(cursor)
    if name is None or not cursor.keywords("as"):
        return None
    return CreateTableAs(name, properties, _rest(cursor), if_not_exists)


def _drop_view(cursor: Any) -> DropView | None:
    if not cursor.keywords("drop", "view"):
        return None
    if_exists = cursor.keywords("if", "exists")
    name = cursor.dotted_name(2)
    return DropView(name, if_exists) if name and cursor.at_end() else None


def _unload(cursor: Any) -> Unload | None:
    if not cursor.keywords("unload") or not cursor.punct("("):
        return None
    start = cursor.peek()[2]
    cursor.skip_group()
    end = cursor.tokens[cursor.i - 1][2]
    location = cursor.string() if cursor.keywords("to") else None
    if location is None:
        return None
    source = " " * start + cursor.text[start:end]
    return Unload(location, _properties(cursor), Query(_query(source, start, end), source))


def _properties(cursor: Any) -> dict[str, str]:
    """WITH (name = 'text' | word | array[...], ...)"""
    properties: dict[str, str] = {}
    if not (cursor.keywords("with") and cursor.punct("(")):
        return properties
    while not cursor.at_end() and not cursor.punct(")"):
        name = str(cursor.identifier())
        cursor.punct("=")
        value = cursor.string()
        properties[name.lower()] = value if value is not None else str(cursor.identifier())
        while not cursor.at_end() and cursor.peek()[:2] not in (("punct", ","), ("punct", ")")):
            cursor.advance()
        cursor.punct(",")
    return properties


def _rest(cursor: Any) -> Query:
    """The query from the cursor on, padded so that positions are those of the whole statement."""
    start = len(cursor.text) if cursor.at_end() else cursor.peek()[2]
    padding = "".join(character if character == "\n" else " " for character in cursor.text[:start])
    source = padding + cursor.text[start : cursor.tokens[-1][3]]
    return Query(_query(source, start, len(source)), source)


def _query(source: str, start: int, end: int) -> exp.Expression:
    dialect = Dialect()
    try:
        stream = dialect.tokenize(source[:end])
        _refuse_what_sqlglot_lets_pass(stream, source, end)
        trees = dialect.parse(source[:end])
    except TokenError:
        raise MalformedQuery(f"{at(source, start)}: token recognition error: a quote is not closed") from None
    except ParseError as error:
        raise MalformedQuery(_words(error, source, end)) from None
    tree = trees[0]
    for node in tree.find_all(exp.Star, exp.Array):
        _refuse_of_other_dialects(node, stream, source)
    _refuse_clauses_of_other_dialects(tree, stream, source)
    if not isinstance(tree, exp.Query | exp.Values):
        raise MalformedQuery(f"{at(source, start)}: mismatched input '{source[start:end].split()[0]}'")
    return tree


def _words(error: ParseError, source: str, end: int) -> str:
    """ANTLR's complaint, as far as sqlglot's tells the token; a statement that ends early ends in <EOF>."""
    first = error.errors[0]
    token, description = first["highlight"] or "", first["description"] or ""
    index = len("\n".join(source.split("\n")[: first["line"] - 1])) + (first["line"] > 1) + first["col"] - len(token)
    expecting = f". Expecting: '{description.split()[1]}'" if description.startswith("Expecting ") else ""
    if not source[index + len(token) : end].strip() and expecting:
        return f"{at(source, end)}: mismatched input '<EOF>'{expecting}"
    return f"{at(source, index)}: mismatched input '{token}'{expecting}"


_CLAUSE = tokens.TokenType
_ELSEWHERE = {_CLAUSE.ILIKE, _CLAUSE.QUALIFY}  # of other dialects
_NEEDS_MORE = {_CLAUSE.SELECT, _CLAUSE.COMMA, _CLAUSE.FROM, _CLAUSE.WHERE, _CLAUSE.GROUP_BY, _CLAUSE.ORDER_BY,
               _CLAUSE.HAVING, _CLAUSE.ON, _CLAUSE.AND, _CLAUSE.OR, _CLAUSE.LIMIT}  # fmt: skip
_BEFORE_A_VALUE = {_CLAUSE.SELECT, _CLAUSE.COMMA, _CLAUSE.L_PAREN, _CLAUSE.L_BRACKET, _CLAUSE.EQ, _CLAUSE.PLUS,
                   _CLAUSE.WHERE, _CLAUSE.AND, _CLAUSE.OR, _CLAUSE.DPIPE}  # fmt: skip
_ENDS = {_CLAUSE.FROM, _CLAUSE.WHERE, _CLAUSE.GROUP_BY, _CLAUSE.ORDER_BY, _CLAUSE.HAVING, _CLAUSE.LIMIT,
         _CLAUSE.R_PAREN, _CLAUSE.COMMA}  # fmt: skip


def _refuse_what_sqlglot_lets_pass(stream: list, source: str, end: int) -> None:
    """An empty list, a comma or clause before nothing, operators of other dialects, and OFFSET after LIMIT."""
    limited: list[bool] = [False]  # for each bracket that is open
    for token, following in zip(stream, [*stream[1:], None], strict=True):
        if token.text == "`":
            words = "backquoted identifiers are not supported; use double quotes to quote identifiers"
            raise MalformedQuery(f"{at(source, token.start)}: {words}")
        if token.token_type is _CLAUSE.DCOLON or source[token.start : token.end + 1] == "==":
            raise MalformedQuery(f"{at(source, token.start)}: mismatched input '{token.text}'")
        if token.token_type is _CLAUSE.INTERVAL and following and following.token_type is _CLAUSE.NUMBER:
            words = f"mismatched input '{following.text}'. Expecting: '+', '-', <string>"
            raise MalformedQuery(f"{at(source, following.start)}: {words}")
        if token.token_type is _CLAUSE.L_BRACE:
            raise MalformedQuery(f"{at(source, token.start)}: mismatched input '{token.text}'. Expecting: <expression>")
        _count_brackets(token, limited)
        if token.token_type in _ELSEWHERE and following is not None and following.text != "(":
            raise MalformedQuery(f"{at(source, token.start)}: mismatched input '{token.text}'")
        if limited[-1] and token.token_type is _CLAUSE.OFFSET:
            raise MalformedQuery(f"{at(source, token.start)}: mismatched input '{token.text}'. Expecting: <EOF>")
        if token.token_type in _NEEDS_MORE and (following is None or following.token_type in _ENDS):
            place, text = (end, "<EOF>") if following is None else (following.start, following.text)
            raise MalformedQuery(f"{at(source, place)}: mismatched input '{text}'. Expecting: <expression>")


def _count_brackets(token: Any, limited: list[bool]) -> None:
    """Whether a LIMIT has come, in each bracket that is open."""
    if token.token_type is _CLAUSE.L_PAREN:
        limited.append(False)
    elif token.token_type is _CLAUSE.R_PAREN and len(limited) > 1:
        limited.pop()
    elif token.token_type in (_CLAUSE.LIMIT, _CLAUSE.FETCH):
        limited[-1] = True
    elif token.token_type is _CLAUSE.SELECT:
        limited[-1] = False


def _refuse_of_other_dialects(node: exp.Expression, stream: list, source: str) -> None:
    """`* exclude (...)`, and an array without the word."""
    if isinstance(node, exp.Star) and any(node.args.values()):
        following = next((token for token in stream if token.start > node.meta.get("start", 0)), stream[-1])
        raise MalformedQuery(f"{at(source, following.start)}: mismatched input '{following.text}'")
    brackets = [
        token for before, token in zip([None, *stream], stream, strict=False)
        if token.token_type is _CLAUSE.L_BRACKET and (before is None or before.token_type in _BEFORE_A_VALUE)
    ]  # fmt: skip
    if isinstance(node, exp.Array) and brackets:
        raise MalformedQuery(f"{at(source, brackets[0].start)}: mismatched input '['. Expecting: <expression>")


# Clauses that DuckDB, Spark or PostgreSQL have: the node, what its arguments say of it, and the word it begins with.
_FOREIGN: tuple[tuple[type[exp.Expression], Callable[[dict], Any], str], ...] = (
    (exp.Pivot, bool, "pivot"),
    (exp.SimilarTo, bool, "similar to"),
    (exp.Join, lambda having: having.get("kind") == "SEMI", "semi"),
    (exp.Join, lambda having: having.get("kind") == "ANTI", "anti"),
    (exp.Join, lambda having: having.get("method") == "ASOF", "asof"),
    (exp.Distinct, lambda having: having.get("on"), "on"),
    (exp.Limit, lambda having: having.get("limit_options"), "percent"),
    (exp.TableSample, lambda having: not having.get("method"), "sample"),
    (exp.Between, lambda having: having.get("symmetric"), "symmetric"),
    (exp.Group, lambda having: [name for name, value in having.items() if value] == ["all"], "all"),
)


def _refuse_clauses_of_other_dialects(tree: exp.Expression, stream: list, source: str) -> None:
    for node in tree.walk():
        for kind, is_foreign, word in _FOREIGN:
            if isinstance(node, kind) and is_foreign(node.args):
                place = next((token for token in stream if token.text.lower() == word), stream[0])
                raise MalformedQuery(f"{at(source, place.start)}: mismatched input '{place.text.split()[0].lower()}'")
