"""What a Lambda execution environment runs: imports the handler once, then answers one invocation per line.

Started by `models.py` under the Lambda runtime's packages only, so it imports nothing but the standard library.
Requests come on stdin, answers go to the file descriptor named on the command line; stdout and stderr are the
function's log.
"""

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path


class Context:
    """The second argument of every handler."""

    def __init__(self, request_id: str, timeout: float):
        self.aws_request_id = request_id
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = os.environ["LOCAL_FUNCTION_ARN"]
        self.identity = None
        self.client_context = None
        self._deadline = time.time() + timeout

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))


def load(handler: str) -> tuple[Callable | None, dict]:
    """The handler function, or the error AWS reports for one that cannot be loaded."""
    module_name, _, name = handler.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        return None, failure(error, "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except BaseException as error:
        return None, failure(error)
    if not hasattr(module, name):
        return None, {
            "errorType": "Runtime.HandlerNotFound",
            "errorMessage": f"Handler '{name}' missing on module '{module_name}'",
            "stackTrace": [],
        }
    return getattr(module, name), {}


def failure(error: BaseException, kind: str = "", message: str = "") -> dict:
    """The error as the Lambda runtime reports it: the exception's class name is what a state machine matches on."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return {
        "errorType": kind or type(error).__name__,
        "errorMessage": message or str(error),
        "stackTrace": traceback.format_list(frames),
    }


def invoke(handler: Callable, request: dict) -> dict:
    context = Context(request["request_id"], request["timeout"])
    os.environ["_X_AMZN_TRACE_ID"] = request["trace_id"]
    try:
        result = handler(request["event"], context)
    except Exception as error:
        return log_error({"error": {**failure(error), "requestId": context.aws_request_id}})
    try:
        return {"result": json.loads(json.dumps(result))}
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        return log_error({"error": {"errorType": "Runtime.MarshalError", "errorMessage": message, "stackTrace": []}})


def log_error(answer: dict) -> dict:
    error = answer["error"]
    print(f"[ERROR] {error['errorType']}: {error['errorMessage']}\nTraceback (most recent call last):")
    print("".join(error["stackTrace"]), end="")
    return answer


def peak_mb() -> int:
    """The most memory this process has held; 0 where the system does not tell. (ru_maxrss would count the parent's.)"""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


def main() -> None:
    answers = os.fdopen(int(sys.argv[1]), "w")
    handler, broken = load(os.environ["_HANDLER"])
    for line in sys.stdin:
        request = json.loads(line)
        answer = invoke(handler, request) if handler else log_error({"error": broken})
        sys.stdout.flush()
        sys.stderr.flush()
        # The reader of the log stops here, so that an invocation's log is complete when its answer is.
        os.write(1, f"\0{request['request_id']}\n".encode())
        answer["peak_mb"] = peak_mb()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
