"""The instances of a training job: each has a base folder, a process of AWS's toolkit and a log of its own."""

import queue
import subprocess
import threading
from pathlib import Path

from local import children, paths
from local.sagemaker import opt_ml, processes

GROUP = "/aws/sagemaker/TrainingJobs"


class Host:
    """algo-1 and so on. Its address is what the others know it by: AWS's names mean nothing on a laptop."""

    def __init__(self, job: str, number: int, address: str, folder: Path):
        self.job, self.name, self.address = job, f"algo-{number}", address
        self.folder = folder / self.name
        self.log = paths.LOGS / f"training-{job}{'' if number == 1 else f'-{self.name}'}.log"
        self._process: subprocess.Popen | None = None

    def start(self, request: dict, arn: str, created: float, variables: dict[str, str], ended: queue.Queue) -> None:
        """Run the job's script; `ended` gets this host once it has ended and its log is whole."""
        process = children.spawn(
            [str(paths.ROOT / ".venv" / "bin" / "train")],
            f"training {self.job} {self.name}",
            cwd=self.folder,
            env=variables | opt_ml.variables(self.folder, self.job, arn) | request.get("Environment", {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._process = process
        stream = f"{self.job}/{self.name}-{int(created)}"
        copied = processes.follow_log(process, self.log.name, GROUP, stream, variables)

        def wait() -> None:
            process.wait()
            ended.put(self)
            copied.join(10)
            children.forget(process.pid)

        self._waits = threading.Thread(target=wait, daemon=True, name=f"wait-{stream}")
        self._waits.start()

    def end(self, grace: float) -> None:
        """End it if it runs, and wait until its log is whole."""
        if self._process:
            if self._process.poll() is None:
                children.end(self._process, grace)
            self._waits.join(15)

    @property
    def code(self) -> int:
        return self._process.returncode if self._process else 0

    def failure(self) -> str:
        """The job's FailureReason if this host was the first to fail."""
        file = self.folder / "output" / "failure"
        text = (
            file.read_text(errors="replace").strip()
            if file.exists()
            else f"the training process ended with exit code {self.code}"
        )
        return f"AlgorithmError: {text}, exit code: {self.code}"
