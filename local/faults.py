"""Failures on request, for tests: .local/faults.json, read whenever a decision is made.

    {"task_fails":         {"error": "Lambda.ServiceException", "cause": "...", "after": true}
                                                              a Task's try ends so, before its function runs, or after;
                                                              with "until" not before that state has been entered
     "execution_stops":    {},                                somebody stops the execution in the state
     "execution_is_late":  {},                                the execution's time is up in the state
     "call_fails":         {"status": 503, "code": "SlowDown", "message": "..."}
                                                              the answer to an AWS call of a function
     "function_dies":      {},                                a function is killed once it has written an object
     "events_start_late":  {"times": 1},                      EventBridge hears nothing of so many uploads, as in
                                                              the first five minutes of a bucket's notifications
     "training_fails":     {"reason": "ValueError: boom"},    the job ends Failed with this text
     "training_stops":     {},                                the job is stopped from outside
     "training_hangs":     {"limit": 1, "age": 9000},         the job runs until it is stopped or at its limit, or at
                                                              this one, and seems so much older
     "training_limit":     {"quota": 0},                      CreateTrainingJob raises ResourceLimitExceeded
     "training_full":      {},                                AWS has no instance for the job, which ends Failed
     "training_quota":     {"quota": 0},                      Service Quotas tells so, of every instance type
     "endpoint_quota":     {"quota": 0},                      likewise
     "transform_limit":    {"quota": 0},                      CreateTransformJob raises ResourceLimitExceeded
     "transform_full":     {},                                AWS has no instance for the job, which ends Failed
     "transform_quota":    {"quota": 0},                      Service Quotas tells so, of every instance type
     "transform_fails":    {"reason": "ClientError: boom"},   the job ends Failed with this text
     "transform_stops":    {},                                the job is stopped from outside
     "transform_hangs":    {"age": 9000},                     the job runs until it is stopped, and seems so much older
     "transform_loses":    {"match": "00000-00000"},          the answer to an object of this key is not stored
     "endpoint_full":      {},                                AWS has no instance for the endpoint, which ends Failed
     "endpoint_fails":     {"reason": "no capacity"},         the endpoint ends Failed with this text
     "endpoint_hangs":     {"seconds": 3, "age": 9000},       the endpoint stays Creating, and seems older
     "endpoint_limit":     {"quota": 2},                      CreateEndpoint raises ResourceLimitExceeded
     "invocation_fails":   {"status": 500, "message": "..."}, InvokeEndpoint raises ModelError; status 0: no answer
                                                              came; of a transform job, the request is tried again
     "invocation_garbles": {"pattern": "(?s).*", "with": ""}, the model's answer after one re.sub
     "crawl_fails":        {"reason": "..."},                 the crawl ends FAILED with this text
     "crawl_stops":        {},                                the crawl is stopped from outside
     "scripted":           {}}                                jobs and endpoints follow a script instead of TensorFlow

An entry is one fault or a list of them, of which the first that applies is taken. `"match": text`, or a list of texts,
limits a fault to decisions whose description contains all of them: of a Task or an execution `"State" input of the
execution`; of a function's call `function service:Operation path event of the function`; else the resource's name.
`"times": n` limits it to the next n occasions.
"""

import json
import threading

from local import paths, records

_lock = threading.Lock()


def take(kind: str, description: str) -> dict | None:
    """The fault that is due for this decision, if any."""
    with _lock:
        faults = json.loads(paths.FAULTS.read_text()) if paths.FAULTS.exists() else {}
        given = faults.get(kind, [])
        entries = given if isinstance(given, list) else [given]
        fault = next((entry for entry in entries if _applies(entry, description)), None)
        if fault and "times" in fault:
            fault["times"] -= 1
            faults[kind] = [entry for entry in entries if entry.get("times", 1) > 0]
            records.write(paths.FAULTS, faults)
        return fault


def _applies(fault: dict, description: str) -> bool:
    match = fault.get("match", "")
    return all(text in description for text in ([match] if isinstance(match, str) else match))
