"""StartQueryExecution and GetQueryResults; MiniStack keeps executions, workgroups and named queries."""

import asyncio
import logging
import time
from typing import Any

from local import ministack
from local.athena import engine
from local.athena.errors import BytesLimitExceeded, MalformedQuery, QueryFailed
from local.athena.models import CreateTableAs, CreateView, DropView, Query, Result, Unload, Utility
from local.athena.parameters import bind
from local.athena.results import as_file
from local.athena.statements import parse
from local.athena.types import column_info
from local.ministack import Response, error_response_json, json_response, new_uuid

ENGINE = "Athena engine version 3"
_NO_LOCATION = (
    "No output location provided. An output location is required either through the Workgroup result configuration "
    "setting or as an API input."
)
_log = logging.getLogger("athena")
_running: set[asyncio.Task] = set()  # a task that nothing refers to may be collected


def install() -> None:
    ministack.start_query_execution.replace(start_query_execution)
    ministack.get_query_results.replace(get_query_results)


def start_query_execution(data: dict) -> Response:
    group = ministack.workgroups.get(data.get("WorkGroup", "primary"))
    if group is None:
        return _invalid(f"WorkGroup {data['WorkGroup']} is not found.")
    location = _output_location(data, group["Configuration"])
    if not location:
        return _invalid(_NO_LOCATION)
    try:
        statement = bind(parse(data["QueryString"]), data.get("ExecutionParameters", []))
    except MalformedQuery as error:
        return _invalid(str(error), AthenaErrorCode="MALFORMED_QUERY")
    if isinstance(statement, ministack.CreateExternalTable) and not (statement.external or statement.iceberg):
        return _invalid("External keyword required for table type HIVE", AthenaErrorCode="MALFORMED_QUERY")
    execution = _execution(data, statement, group, location.rstrip("/"))
    ministack.query_executions[execution["QueryExecutionId"]] = execution
    limit = group["Configuration"].get("BytesScannedCutoffPerQuery")
    task = asyncio.create_task(_run(execution, statement, location.rstrip("/"), int(limit) if limit else None))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return json_response({"QueryExecutionId": execution["QueryExecutionId"]})


def _output_location(data: dict, group: dict) -> str | None:
    """The workgroup's, if it is enforced or nothing else is said."""
    asked = data.get("ResultConfiguration", {}).get("OutputLocation")
    own = group.get("ResultConfiguration", {}).get("OutputLocation")
    return own if group.get("EnforceWorkGroupConfiguration") or not asked else asked


# What Athena calls a statement, and where below the output location its result lies.
_KINDS = {
    Query: ("DML", "SELECT", "{}.csv"),
    Unload: ("DML", "UNLOAD", "{}"),
    CreateTableAs: ("DDL", "CREATE_TABLE_AS_SELECT", "tables/{}"),
    CreateView: ("DDL", "CREATE_VIEW", "{}.txt"),
    DropView: ("DDL", "DROP_VIEW", "{}.txt"),
    Utility: ("UTILITY", "SHOW", "{}.txt"),
    ministack.CreateExternalTable: ("DDL", "CREATE_TABLE", "{}.txt"),
    ministack.DropTable: ("DDL", "DROP_TABLE", "{}.txt"),
}


def _execution(data: dict, statement: Any, group: dict, location: str) -> dict:
    query_id = new_uuid()
    kind, substatement, place = _KINDS[type(statement)]
    configuration = group["Configuration"].get("ResultConfiguration", {})
    context = data.get("QueryExecutionContext", {})
    engine_version = {"SelectedEngineVersion": ENGINE, "EffectiveEngineVersion": ENGINE}
    return {
        "QueryExecutionId": query_id,
        "Query": data["QueryString"],
        "StatementType": kind,
        "SubstatementType": substatement,
        "ResultConfiguration": {**configuration, "OutputLocation": f"{location}/{place.format(query_id)}"},
        "QueryExecutionContext": {
            "Database": context.get("Database", "default").strip("`").lower(),
            "Catalog": context.get("Catalog", "awsdatacatalog").lower(),
        },
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {"DataScannedInBytes": 0},
        "WorkGroup": group["Name"],
        "EngineVersion": engine_version,
    }


async def _run(execution: dict, statement: Any, location: str, limit: int | None) -> None:
    """Run off the event loop; a query that was stopped meanwhile stays CANCELLED."""
    status, started = execution["Status"], time.monotonic()
    status["State"] = "RUNNING"
    output = f"{location}/tables/{execution['QueryExecutionId']}"
    database = execution["QueryExecutionContext"]["Database"]
    try:
        result = await asyncio.to_thread(engine.run, statement, database, output, limit)
        if status["State"] == "RUNNING":
            _store(execution, result)
            status["State"] = "SUCCEEDED"
    except BytesLimitExceeded as error:
        status.update(State="CANCELLED", StateChangeReason=str(error))
    except QueryFailed as error:
        _fail(status, str(error), category=2)
    except Exception as error:  # whatever is wrong with this engine must end the query too
        _log.exception("query %s", execution["QueryExecutionId"])
        _fail(status, f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}", category=1)
    status["CompletionDateTime"] = time.time()
    milliseconds = int((time.monotonic() - started) * 1000)
    execution["Statistics"].update(EngineExecutionTimeInMillis=milliseconds, TotalExecutionTimeInMillis=milliseconds)


def _fail(status: dict, reason: str, category: int) -> None:
    if status["State"] == "RUNNING":
        error = {"ErrorCategory": category, "Retryable": False, "ErrorMessage": reason}
        status.update(State="FAILED", StateChangeReason=reason, AthenaError=error)


def _store(execution: dict, result: Result) -> None:
    """Write the result where OutputLocation says, or the list of what was written elsewhere."""
    execution["Statistics"]["DataScannedInBytes"] = result.scanned
    execution["_result"] = result
    target = execution["ResultConfiguration"]["OutputLocation"]
    body, kind = as_file(result), "text/plain" if result.lines else "text/csv"
    if result.files is not None:
        target, body = f"{target}-manifest.csv", "".join(f"{file}\n" for file in result.files).encode()
        execution["Statistics"]["DataManifestLocation"] = target
    bucket, _, key = target.removeprefix("s3://").partition("/")
    engine.put(bucket, key, body, kind)


def get_query_results(data: dict) -> Response:
    execution = ministack.query_executions.get(data.get("QueryExecutionId"))
    if execution is None:
        return _invalid(f"QueryExecution {data.get('QueryExecutionId')} was not found")
    state = execution["Status"]["State"]
    if state in ("QUEUED", "RUNNING"):
        return _invalid(f"Query has not yet finished. Current state: {state}")
    if state != "SUCCEEDED":
        return _invalid(f"Query did not finish successfully. Final query state: {state}")
    result: Result = execution["_result"]
    rows = result.with_header()
    start, size = int(data.get("NextToken", 0)), data.get("MaxResults", 1000)
    page = [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
            for row in rows[start : start + size]]  # fmt: skip
    information = [column_info(name, kind) for name, kind in zip(result.columns, result.types, strict=True)]
    answer = {"ResultSet": {"Rows": page, "ResultSetMetadata": {"ColumnInfo": information}}, "UpdateCount": 0}
    return json_response(answer | ({"NextToken": str(start + size)} if start + size < len(rows) else {}))


def _invalid(message: str, **extra: str) -> Response:
    return error_response_json("InvalidRequestException", message, 400, extra=extra or None)
