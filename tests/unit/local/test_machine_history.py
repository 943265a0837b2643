"""A stop at the worst moment: between an event's look at the execution and its writing.

MiniStack is in an environment of its own, so this runs there, without a server.
"""

import json
import subprocess

import pytest

from tests.support.template import ROOT

STOPPED = """
import json
import threading

from local import ministack
from local.machine import api, models

record = {"executionArn": "arn:e", "status": "RUNNING", "events": [], "input": "{}", "stateMachineArn": "arn:m"}
ministack.executions["arn:e"] = record
api.install()
ministack.stepfunctions._emit_execution_status_event = lambda record: None
ministack.emit_execution_status = lambda record: None
stop = ministack.stepfunctions._stop_execution
stopped = []


def now():
    if not stopped and threading.current_thread() is threading.main_thread():
        stopped.append(threading.Thread(target=stop, args=({"executionArn": "arn:e"},)))
        stopped[0].start()
        stopped[0].join(0.5)
    return "2026-01-01T00:00:00Z"


ministack.now_iso = now
run = models.Run(record, "arn:role", None)
try:
    ACTION
except models.Interrupted:
    pass
stopped[0].join()
print(json.dumps([record["status"], [event["type"] for event in record["events"]]]))
"""


def after(action: str) -> list:
    code = STOPPED.replace("ACTION", action)
    python = ROOT / ".venv-ministack" / "bin" / "python"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_no_event_follows_the_end_of_an_execution_that_was_stopped():
    status, events = after('run.log("WaitStateEntered", 0, {})')
    assert (status, events[-1]) == ("ABORTED", "ExecutionAborted")


@pytest.mark.parametrize(("word", "event"), [("SUCCEEDED", "ExecutionSucceeded"), ("FAILED", "ExecutionFailed")])
def test_an_execution_ends_once(word, event):
    """Who comes second finds it ended: the status is that of the one end in the history."""
    status, events = after(f'api._finish(run, "{word}", "{event}")')
    assert (status, events) == (word, [event])
