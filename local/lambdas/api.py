"""Lambda's invocations, in place of MiniStack's: which environment runs one, and how many work at a time.

A machine has few cores: at most SLOTS invocations run at a time, the others wait before their timeout starts.
LOCAL_LAMBDAS in the environment is another SLOTS.
"""

import os
import threading
import time

from local import ministack
from local.lambdas.idle import Idle
from local.lambdas.models import Environment, by_access_key, key_of

AT_ONCE = max(2, os.cpu_count() or 1)  # iterations of one Map, so that pollers beside it find a slot
SLOTS = int(os.environ.get("LOCAL_LAMBDAS", AT_ONCE + 2))
LOOK = 5  # seconds between looks for environments that are idle for too long

_slots = threading.BoundedSemaphore(SLOTS)
_idle = Idle[Environment]()


def install() -> None:
    ministack.execute_function.replace(execute)
    threading.Thread(target=_end_idle, daemon=True, name="lambda-idle").start()


def execute(function: dict, event: object, request_id: str) -> dict:
    """Run one invocation: MiniStack's answer of body, error and log."""
    config = function.get("config") or function
    with _slots:
        environment = _idle.take(key_of(config)) or Environment(config, function["code_zip"])
        answer, log = environment.invoke(event, request_id, float(config.get("Timeout", 3)))
        if environment.alive():
            _idle.give_back(environment)
    if "error" in answer:
        return {"body": answer["error"], "error": True, "log": log}
    return {"body": answer["result"], "log": log}


def caller(headers: dict) -> Environment | None:
    """The environment whose credentials signed the request."""
    return by_access_key.get(ministack.extract_access_key_id(headers))


def shut_down() -> None:
    _idle.end_all()


def _end_idle() -> None:
    while True:
        time.sleep(LOOK)
        _idle.end_old()
