"""Failures on request, for tests: .local/faults.json, read whenever a decision is made.

    {"training_fails":   {"reason": "ValueError: boom"},       the job ends Failed with this text
     "training_stops":   {},                                   the job is stopped from outside
     "training_hangs":   {},                                   the job trains until it is stopped or outlives its limit
     "training_limit":   {"quota": 0},                         CreateTrainingJob raises ResourceLimitExceeded
     "endpoint_fails":   {"reason": "no capacity"},            the endpoint ends Failed with this text
     "endpoint_limit":   {"quota": 2},                         CreateEndpoint raises ResourceLimitExceeded
     "invocation_fails": {"status": 500, "message": "..."},    InvokeEndpoint raises ModelError
     "function_dies":    {"function": "stack-SplitFunction"},  functions so named are killed once an object is written
     "scripted":         {}}                                   jobs and endpoints follow a script instead of TensorFlow

`"times": n` in an entry limits it to the next n occasions, `"match": text` to names, or
object paths, that contain it.
"""

import json
import threading

from local import paths

_lock = threading.Lock()


def take(kind: str, name: str) -> dict | None:
    """The fault that is due for this resource, if any."""
    with _lock:
        faults = json.loads(paths.FAULTS.read_text()) if paths.FAULTS.exists() else {}
        fault = faults.get(kind)
        if fault is None or fault.get("match", "") not in name:
            return None
        if "times" in fault:
            fault["times"] -= 1
            if fault["times"] <= 0:
                del faults[kind]
            paths.FAULTS.write_text(json.dumps(faults))
        return fault
