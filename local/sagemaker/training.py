"""Training jobs: channels downloaded, AWS's sagemaker-training toolkit run, the model uploaded, as the job's role."""

import re
import shutil
import subprocess
import threading
import time
from contextvars import copy_context

from botocore.exceptions import ClientError

from local import children, faults, paths
from local.sagemaker import models, opt_ml, processes, scripted

NO_CAPACITY = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type."
)
STOP_GRACE = 10  # AWS: 120 s between SIGTERM and SIGKILL


class JobFailed(Exception):
    """Ends the job as Failed with this FailureReason."""


class JobStopped(Exception):
    """Ends the job as Stopped: StopTrainingJob was called, or time is up."""


class TrainingJob:
    """One job, from Starting to its end. Describe reads it while its thread works."""

    def __init__(self, request: dict):
        self.request = request
        self.name = request["TrainingJobName"]
        self.arn = models.jobs.arn(self.name)
        self.created = time.time()
        self.status, self.secondary = "InProgress", ""
        self.transitions: list[dict] = []
        self.times: dict[str, float] = {}
        self.reason = ""
        self.metrics: list[dict] = []
        self.folder = paths.STATE / "sagemaker" / self.name
        self._stop = threading.Event()
        self._process: subprocess.Popen | None = None
        self._enter("Starting", "Launching requested ML instances")
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True, name=self.name)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.status = "Stopping"
        self._stop.set()

    def abandon(self) -> None:
        """End the process because the cloud ends."""
        if self._process and self._process.poll() is None:
            children.end(self._process)

    @property
    def artifacts(self) -> str:
        return f"{self.request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self.name}/output/model.tar.gz"

    def _run(self) -> None:
        try:
            self._work()
            self._end("Completed", "Completed", "Training job completed")
        except JobStopped as stopped:
            self._end("Stopped", str(stopped), "")
        except JobFailed as failed:
            self._end("Failed", "Failed", str(failed))
        except ClientError as error:
            self._end("Failed", "Failed", f"ClientError: {error}")
        except Exception as error:  # a fault of ours must show as the job's, or its poller waits for ever
            self._end("Failed", "Failed", f"InternalServerError: {error!r}")
            raise

    def _work(self) -> None:
        if faults.take("training_full", self.name) is not None:
            raise JobFailed(NO_CAPACITY)
        variables = processes.role_variables(self.request["RoleArn"], "SageMaker")
        s3 = processes.client("s3", variables)
        opt_ml.lay_out(self.folder, self.request)
        self._enter("Downloading", "Downloading input data")
        for channel in self.request.get("InputDataConfig", []):
            self._check_stop()
            opt_ml.download(s3, self.folder, channel)
        self._enter("Training", "Training image download completed. Training in progress.")
        self.times["TrainingStartTime"] = time.time()
        stopped = ""
        try:
            self._train(variables)
        except JobStopped as why:
            stopped = str(why)
        self._enter("Uploading", "Uploading generated training model")
        opt_ml.upload(s3, self.folder, self.artifacts)
        self.times["TrainingEndTime"] = time.time()
        if stopped:
            raise JobStopped(stopped)

    def _train(self, variables: dict[str, str]) -> None:
        if faults.take("training_stops", self.name):
            self.stop()
        if fault := faults.take("training_fails", self.name):
            raise JobFailed(f"AlgorithmError: {fault['reason']}")
        self._check_stop()
        if (fault := faults.take("training_hangs", self.name)) is not None:
            self._hang(fault)
        if scripted.wanted(self.name):
            opt_ml.fetch_source(processes.client("s3", variables), self.folder, self.request)
            paths.LOGS.mkdir(parents=True, exist_ok=True)
            (paths.LOGS / f"training-{self.name}.log").write_text(scripted.train(self.folder))
            return
        process = children.spawn(
            [str(paths.ROOT / ".venv" / "bin" / "train")],
            f"training {self.name}",
            cwd=self.folder,
            env=variables | opt_ml.variables(self.folder, self.name, self.arn) | self.request.get("Environment", {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._process = process
        copied = processes.follow_log(
            process,
            f"training-{self.name}.log",
            "/aws/sagemaker/TrainingJobs",
            f"{self.name}/algo-1-{int(self.created)}",
            variables,
        )
        try:
            self._await(process)
        finally:
            copied.join(10)
            children.forget(process.pid)
        if process.returncode != 0:
            raise JobFailed(self._failure(process.returncode))

    def _deadline(self) -> float:
        return self.times["TrainingStartTime"] + self.request["StoppingCondition"].get("MaxRuntimeInSeconds", 86400)

    def _hang(self, fault: dict) -> None:
        """Compute nothing until the job is stopped or its time is up."""
        self.created -= fault.get("age", 0)
        stopped = self._stop.wait(fault.get("limit", self._deadline() - time.time()))
        self.status = "Stopping"
        raise JobStopped("Stopped" if stopped else "MaxRuntimeExceeded")

    def _await(self, process: subprocess.Popen) -> None:
        deadline = self._deadline()
        while process.poll() is None:
            if self._stop.wait(0.2) or time.time() > deadline:
                late = not self._stop.is_set()
                self.status = "Stopping"
                children.end(process, STOP_GRACE)
                raise JobStopped("MaxRuntimeExceeded" if late else "Stopped")

    def _failure(self, code: int) -> str:
        file = self.folder / "output" / "failure"
        text = (
            file.read_text(errors="replace").strip()
            if file.exists()
            else f"the training process ended with exit code {code}"
        )
        return f"AlgorithmError: {text}, exit code: {code}"

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise JobStopped("Stopped")

    def _enter(self, secondary: str, message: str) -> None:
        now = time.time()
        if self.transitions:
            self.transitions[-1]["EndTime"] = now
        self.secondary = secondary
        self.transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": message})

    def _end(self, status: str, secondary: str, message: str) -> None:
        self.times.setdefault("TrainingEndTime", time.time())
        self._enter(secondary, message)
        self.transitions[-1]["EndTime"] = self.transitions[-1]["StartTime"]
        self.reason = message[:1024] if status == "Failed" else ""
        self.metrics = self._last_metrics()
        if status != "Failed":
            shutil.rmtree(self.folder, ignore_errors=True)
        self.status = status

    def _last_metrics(self) -> list[dict]:
        """What the request's MetricDefinitions last found in the log."""
        log = paths.LOGS / f"training-{self.name}.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        definitions = self.request["AlgorithmSpecification"].get("MetricDefinitions", [])
        values = {definition["Name"]: re.findall(definition["Regex"], text) for definition in definitions}
        return [
            {"MetricName": name, "Value": float(logged[-1]), "Timestamp": time.time()}
            for name, logged in values.items()
            if logged
        ]

    def describe(self) -> dict:
        times = {"CreationTime": self.created, "LastModifiedTime": self.transitions[-1]["StartTime"], **self.times}
        seconds = int(times.get("TrainingEndTime", time.time()) - times.get("TrainingStartTime", time.time()))
        done = self.status in ("Completed", "Stopped")
        return {
            **{key: value for key, value in self.request.items() if key != "Tags"},
            "TrainingJobArn": self.arn,
            "TrainingJobStatus": self.status,
            "SecondaryStatus": self.secondary,
            "SecondaryStatusTransitions": self.transitions,
            **times,
            **(
                {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
                if "TrainingEndTime" in times
                else {}
            ),
            **({"ModelArtifacts": {"S3ModelArtifacts": self.artifacts}} if done else {}),
            **({"FinalMetricDataList": self.metrics} if self.metrics else {}),
            **({"FailureReason": self.reason} if self.reason else {}),
        }

    def summary(self) -> dict:
        keys = (
            "TrainingJobName",
            "TrainingJobArn",
            "CreationTime",
            "TrainingEndTime",
            "LastModifiedTime",
            "TrainingJobStatus",
        )
        described = self.describe()
        return {key: described[key] for key in keys if key in described}
