"""Lambda's invocations, in place of MiniStack's: which environment runs one, and how many live and work at a time.

A machine has few cores: at most SLOTS invocations run at a time, the others wait before their timeout starts.
LOCAL_LAMBDAS in the environment is another SLOTS. To start an environment takes half a second of a core, so that idle
ones stay for IDLE_SECONDS, like those of AWS. Of more than MOST, or of more than FEWEST while less than FREE of the
memory is left, those that were idle for longest end before a new one starts.
"""

import os
import threading
import time

import psutil

from local import ministack
from local.lambdas.models import Environment, by_access_key, key_of

AT_ONCE = max(2, os.cpu_count() or 1)  # iterations of one Map, so that pollers beside it find a slot
SLOTS = int(os.environ.get("LOCAL_LAMBDAS", AT_ONCE + 2))
MOST, FEWEST, FREE = 60, 6, 0.25  # some 80 MB each
IDLE_SECONDS = 120

_lock = threading.Lock()
_slots = threading.BoundedSemaphore(SLOTS)
_idle: list[Environment] = []


def install() -> None:
    ministack.execute_function.replace(execute)
    threading.Thread(target=_end_idle, daemon=True, name="lambda-idle").start()


def execute(function: dict, event: object, request_id: str) -> dict:
    """Run one invocation: MiniStack's answer of body, error and log."""
    config = function.get("config") or function
    with _slots:
        environment = _take(config) or Environment(config, function["code_zip"])
        answer, log = environment.invoke(event, request_id, float(config.get("Timeout", 3)))
        if environment.alive():
            _give_back(environment)
    if "error" in answer:
        return {"body": answer["error"], "error": True, "log": log}
    return {"body": answer["result"], "log": log}


def caller(headers: dict) -> Environment | None:
    """The environment whose credentials signed the request."""
    return by_access_key.get(ministack.extract_access_key_id(headers))


def shut_down() -> None:
    with _lock:
        ended, _idle[:] = _idle[:], []
    for environment in ended:
        environment.end()


def _take(config: dict) -> Environment | None:
    key = key_of(config)
    with _lock:
        for environment in reversed(_idle):
            if environment.key == key:
                _idle.remove(environment)
                return environment
        kept = _kept() - 1  # beside the new one
        surplus, _idle[:] = _idle[:-kept], _idle[-kept:]
    for environment in surplus:
        environment.end()
    return None


def _kept() -> int:
    memory = psutil.virtual_memory()
    return MOST if memory.available > FREE * memory.total else FEWEST


def _give_back(environment: Environment) -> None:
    environment.idle_since = time.monotonic()
    with _lock:
        _idle.append(environment)


def _end_idle() -> None:
    while True:
        time.sleep(5)
        with _lock:
            old = [idle for idle in _idle if time.monotonic() - idle.idle_since > IDLE_SECONDS]
            _idle[:] = [idle for idle in _idle if idle not in old]
        for environment in old:
            environment.end()
