"""What runs an execution that StartExecution has recorded, from its start to its last event."""

import json
import logging

from local import ministack
from local.machine import jsonata
from local.machine.engine import walk
from local.machine.errors import Error, Interrupted
from local.machine.models import HISTORY, Branch, Run, stop_execution

_log = logging.getLogger("machine")


def install() -> None:
    """Put this interpreter in the place of MiniStack's."""
    jsonata.install()
    ministack.run_execution.replace(run_execution)
    ministack.stop_execution.replace(stop_execution)


def run_execution(arn: str) -> None:
    record = ministack.executions[arn]
    machine = ministack.state_machines[record["stateMachineArn"]]
    definition = json.loads(machine["definition"])
    if definition.get("QueryLanguage") != "JSONata":
        ministack.run_execution.original(arn)
        return
    run = Run(record, machine["roleArn"], definition.get("TimeoutSeconds"))
    try:
        data = json.loads(record["input"])
        output = walk(definition["States"], definition["StartAt"], data, Branch(run, _context(record, machine, data)))
    except Interrupted:
        if run.late:
            _finish(run, "TIMED_OUT", "ExecutionTimedOut", error="States.Timeout", cause="")
    except Error as error:
        _finish(run, "FAILED", "ExecutionFailed", error=error.error, cause=error.cause)
    except Exception as error:  # the engine's own fault must end the execution, or whoever follows it waits for ever
        _log.exception("execution %s", arn)
        _finish(run, "FAILED", "ExecutionFailed", error="States.Runtime", cause=repr(error))
    else:
        _finish(run, "SUCCEEDED", "ExecutionSucceeded", output=json.dumps(output))


def _context(record: dict, machine: dict, data: object) -> dict:
    return {
        "QueryLanguage": "JSONata",
        "Execution": {
            "Id": record["executionArn"],
            "Input": data,
            "Name": record["name"],
            "RoleArn": machine["roleArn"],
            "StartTime": record["startDate"],
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": record["stateMachineArn"], "Name": machine["name"]},
        "variables": {},
    }


def _finish(run: Run, status: str, event: str, **details: str) -> None:
    record = run.record
    with HISTORY:
        if record["status"] != "RUNNING":  # stopped meanwhile: StopExecution wrote the end
            return
        run.log(event, len(record["events"]), {f"{event[0].lower()}{event[1:]}EventDetails": details})
        record.update(details, stopDate=ministack.now_iso(), status=status)
    ministack.emit_execution_status(record)
