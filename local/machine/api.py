"""Run one execution from its start to its last event."""

import json
import logging

from ministack.core.responses import now_iso
from ministack.services import stepfunctions as service

from local.machine import jsonata
from local.machine.branch import Branch, Error, Interrupted, Run
from local.machine.states import walk

_ministack_runs = service._run_execution
_log = logging.getLogger("machine")


def install() -> None:
    """Put this interpreter in the place of MiniStack's."""
    jsonata.install()
    service._run_execution = run_execution


def run_execution(arn: str) -> None:
    record = service._executions[arn]
    machine = service._state_machines[record["stateMachineArn"]]
    definition = json.loads(machine["definition"])
    if definition.get("QueryLanguage") != "JSONata":
        _ministack_runs(arn)
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
    if record["status"] != "RUNNING":  # stopped meanwhile: StopExecution wrote the end
        return
    run.log(event, len(record["events"]), {f"{event[0].lower()}{event[1:]}EventDetails": details})
    record.update(details, stopDate=now_iso(), status=status)
    service._emit_execution_status_event(record)
