"""Lambda execution environments: AWS's error types, the runtime's packages, shared layers.

Each environment is a process under `.venv-lambda`, which holds what AWS's python3.13 runtime holds, so a package
missing from a layer is missing here too, and one that needed more than its MemorySize is reported killed.
"""

import functools
import hashlib
import json
import os
import select
import subprocess
import tempfile
import threading
import time
import zipfile
from pathlib import Path

from local import children, clients, ministack, paths, permissions
from local.patches.lambda_logs import log_group

by_access_key: dict[str, "Environment"] = {}  # whose credentials sign a request
_extracting = threading.Lock()


def key_of(config: dict) -> str:
    """Changes with anything that a new deployment may change."""
    fields = (
        "FunctionArn",
        "Version",
        "CodeSha256",
        "Handler",
        "Layers",
        "Environment",
        "MemorySize",
        "Timeout",
        "Role",
    )
    return json.dumps([config.get(name) for name in fields], sort_keys=True, default=str)


class Environment:
    """One process that holds one function."""

    def __init__(self, config: dict, code: bytes):
        self.key = key_of(config)
        self.name = config["FunctionName"]
        self._memory = config.get("MemorySize", 128)
        self.event = ""  # of the present invocation, as JSON
        self._credentials = permissions.role_credentials(config["Role"], self.name)
        self._tmp = tempfile.TemporaryDirectory(prefix="lambda-", dir=paths.STATE)
        self._seen = b""
        task_root = extracted(code)
        layers = [extracted(data) for ref in config.get("Layers", []) if (data := ministack.layer_archive(ref))]
        reader, writer = os.pipe()
        self._process = children.spawn(
            [paths.python("lambda"), str(Path(__file__).with_name("worker.py")), str(writer)],
            f"lambda {self.name}",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(writer,),
            cwd=task_root,
            env=self._variables(config, task_root, layers),
        )
        os.close(writer)
        by_access_key[self._credentials["AWS_ACCESS_KEY_ID"]] = self
        if not self._process.stdin or not self._process.stdout:
            raise RuntimeError("the environment has no pipes")
        self._requests, self._output = self._process.stdin, self._process.stdout
        self._answers = os.fdopen(reader, "rb", buffering=0)

    def _variables(self, config: dict, task_root: Path, layers: list[Path]) -> dict[str, str]:
        """What AWS gives, nothing of the laptop's own. A later layer overrides an earlier one, as in /opt."""
        opt = [str(path) for path in (*(layer / "python" for layer in reversed(layers)), *reversed(layers))]
        version = config.get("Version", "$LATEST")
        stream = f"{time.strftime('%Y/%m/%d')}/[{version}]{ministack.new_uuid().replace('-', '')}"
        return {
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "TMPDIR": self._tmp.name,
            "PYTHONPATH": os.pathsep.join([str(task_root), *opt]),
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": log_group(config),
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "LAMBDA_TASK_ROOT": str(task_root),
            "_HANDLER": config["Handler"],
            "LOCAL_FUNCTION_ARN": config["FunctionArn"],
            **config.get("Environment", {}).get("Variables", {}),
            "AWS_REGION": config["FunctionArn"].split(":")[3],
            "AWS_DEFAULT_REGION": config["FunctionArn"].split(":")[3],
            "AWS_ENDPOINT_URL": clients.gateway(),
            **self._credentials,
        }

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def invoke(self, event: object, request_id: str, timeout: float) -> tuple[dict, str]:
        """The answer ({"result"} or {"error"}) and the log. A time-out or a death ends the environment."""
        trace = f"Root=1-{int(time.time()):08x}-{ministack.new_uuid().replace('-', '')[:24]};Sampled=0"
        request = {"event": event, "request_id": request_id, "timeout": timeout, "trace_id": trace}
        self.event = json.dumps(event)
        started = time.monotonic()
        log: list[bytes] = []
        answer = b""
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
            answer = self._read(request_id, started + timeout, log)
        except BrokenPipeError:
            log.append(b"the environment had ended\n")
        seconds = time.monotonic() - started
        parsed = json.loads(answer) if answer else {}
        if not answer or parsed["peak_mb"] > self._memory:
            parsed = {**parsed, "error": self._death(request_id, timeout, seconds, bool(answer))}
            self.end()
        return parsed, self._write_log(request_id, log, seconds, parsed)

    def _read(self, request_id: str, deadline: float, log: list[bytes]) -> bytes:
        """Collect the log up to the invocation's mark and the answer; nothing if the process died or time is up."""
        mark = f"\0{request_id}\n".encode()
        output, answers = self._output.fileno(), self._answers.fileno()
        pipes = select.poll()  # a busy cloud has more open files than select can tell apart
        pipes.register(output, select.POLLIN)
        pipes.register(answers, select.POLLIN)
        answer, marked = b"", False
        while not (answer.endswith(b"\n") and marked):
            ready = pipes.poll(max(0.0, deadline - time.monotonic()) * 1000)
            if not ready:
                return b""
            for source, _ in ready:
                chunk = os.read(source, 1 << 20)
                if not chunk:
                    return b""
                if source == answers:
                    answer += chunk
                    continue
                log.append(chunk)
                tail = b"".join(log)
                if mark in tail:
                    log[:] = [tail.replace(mark, b"")]
                    marked = True
        return answer

    def _death(self, request_id: str, timeout: float, seconds: float, too_large: bool) -> dict:
        if seconds >= timeout:
            message = f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"
            return {"errorType": "Sandbox.Timedout", "errorMessage": message}
        status = -9 if too_large else self._process.wait(5)
        how = "signal: killed" if status < 0 else f"exit status {status}"
        message = f"RequestId: {request_id} Error: Runtime exited with error: {how}"
        return {"errorType": "Runtime.ExitError", "errorMessage": message}

    def _write_log(self, request_id: str, log: list[bytes], seconds: float, answer: dict) -> str:
        """Append to the function's readable log; return what goes to CloudWatch."""
        text = b"".join(log).decode(errors="replace")
        error = f" {answer['error']['errorType']}: {answer['error']['errorMessage']}" if "error" in answer else ""
        paths.LOGS.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%H:%M:%S")
        with (paths.LOGS / f"{self.name}.log").open("a") as file:
            memory = f"{answer.get('peak_mb', 0)} of {self._memory} MB"
            file.write(f"{text}{stamp} REPORT {request_id} {seconds:.2f} s, {memory}{error}\n")
        return text.rstrip("\n")

    def end(self) -> None:
        by_access_key.pop(self._credentials["AWS_ACCESS_KEY_ID"], None)
        children.end(self._process)
        self._answers.close()
        self._tmp.cleanup()


@functools.lru_cache(maxsize=64)
def extracted(archive: bytes) -> Path:
    """The folder with the archive's content, extracted once and shared by all environments."""
    layers = paths.STATE / "layers"
    folder = layers / hashlib.sha256(archive).hexdigest()[:32]
    with _extracting:
        if not folder.exists():
            layers.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=layers) as file:
                file.write(archive)
                file.flush()
                part = Path(tempfile.mkdtemp(dir=layers))
                with zipfile.ZipFile(file.name) as content:
                    content.extractall(part)
            part.chmod(0o755)
            part.rename(folder)
    return folder
