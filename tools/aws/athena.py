"""Ask Athena in the stack's workgroup and database, as anyone with an AWS account would."""

import time
from typing import Any

from botocore.exceptions import ClientError

from tools.aws import Problem

type Rows = list[list[str | None]]


def ask(
    athena: Any, outputs: dict[str, str], sql: str, pause: float, most: int | None = None
) -> tuple[list[dict], Rows]:
    """Column descriptions and rows of text: at most `most` and one more, which says that there are more.

    Raises Problem in Athena's own words. Whoever interrupts it stops the query, too, which would cost to its end.
    """
    try:
        query_id = athena.start_query_execution(
            QueryString=sql,
            WorkGroup=outputs["WorkGroupName"],
            QueryExecutionContext={"Database": outputs["DatabaseName"]},
        )["QueryExecutionId"]
    except ClientError as error:
        raise Problem(error.response["Error"]["Message"]) from None
    execution = _ended(athena, query_id, pause)
    if execution["Status"]["State"] != "SUCCEEDED":
        raise Problem(execution["Status"].get("StateChangeReason") or execution["Status"]["State"])
    lines: Rows = []
    columns: list[dict] = []
    heading = execution["StatementType"] == "DML"
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id):
        columns = columns or page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        lines += [[value.get("VarCharValue") for value in row["Data"]] for row in page["ResultSet"]["Rows"]]
        if most is not None and len(lines) > most + heading:
            break
    rows = lines[1:] if heading else lines
    return columns, rows if most is None else rows[: most + 1]


def records(athena: Any, outputs: dict[str, str], sql: str, pause: float) -> list[dict[str, str | None]]:
    """The rows as dictionaries of text."""
    columns, rows = ask(athena, outputs, sql, pause)
    return [dict(zip([column["Name"] for column in columns], row, strict=True)) for row in rows]


def _ended(athena: Any, query_id: str, pause: float) -> dict:
    try:
        while True:
            execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return execution
            time.sleep(pause)
    except KeyboardInterrupt:
        athena.stop_query_execution(QueryExecutionId=query_id)
        raise
