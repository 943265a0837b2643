"""Training jobs: channels downloaded, AWS's sagemaker-training toolkit run, the model uploaded, as the job's role."""

import contextlib
import queue
import re
import shutil
import threading
import time
from contextvars import copy_context

from botocore.exceptions import ClientError

from local import clients, faults, paths
from local.sagemaker import models, opt_ml, processes, scripted
from local.sagemaker.hosts import Host

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
        addresses = enumerate(opt_ml.hosts(request), 1)
        self.hosts = [Host(self.name, number, address, self.folder) for number, address in addresses]
        self._stop = threading.Event()
        self._enter("Starting", "Launching requested ML instances")
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True, name=self.name)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.status = "Stopping"
        self._stop.set()

    def abandon(self) -> None:
        """End the processes because the cloud ends."""
        for host in self.hosts:
            host.end(grace=2)

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
        s3 = clients.client("s3", variables)
        for host in self.hosts:
            opt_ml.lay_out(host.folder, self.request, host.address)
        self._enter("Downloading", "Downloading input data")
        for channel in self.request.get("InputDataConfig", []):
            for host in self.hosts:
                self._check_stop()
                opt_ml.download(s3, host.folder, channel)
        self._enter("Training", "Training image download completed. Training in progress.")
        self.times["TrainingStartTime"] = time.time()
        stopped = ""
        try:
            self._train(variables)
        except JobStopped as why:
            stopped = str(why)
        self._enter("Uploading", "Uploading generated training model")
        opt_ml.upload(s3, [host.folder for host in self.hosts], self.artifacts)
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
            chief = self.hosts[0]
            opt_ml.fetch_source(clients.client("s3", variables), chief.folder, self.request)
            paths.LOGS.mkdir(parents=True, exist_ok=True)
            chief.log.write_text(scripted.train(chief.folder))
            return
        ended: queue.Queue[Host] = queue.Queue()
        try:
            for host in self.hosts:
                host.start(self.request, self.arn, self.created, variables, ended)
            self._await(ended)
        finally:
            for host in self.hosts:
                host.end(STOP_GRACE)

    def _deadline(self) -> float:
        return self.times["TrainingStartTime"] + self.request["StoppingCondition"].get("MaxRuntimeInSeconds", 86400)

    def _hang(self, fault: dict) -> None:
        """Compute nothing until the job is stopped or its time is up."""
        self.created -= fault.get("age", 0)
        stopped = self._stop.wait(fault.get("limit", self._deadline() - time.time()))
        self.status = "Stopping"
        raise JobStopped("Stopped" if stopped else "MaxRuntimeExceeded")

    def _await(self, ended: queue.Queue[Host]) -> None:
        """Return once all hosts have ended well. The first that fails fails the job, whatever the others do."""
        deadline, running = self._deadline(), len(self.hosts)
        while running:
            with contextlib.suppress(queue.Empty):
                host = ended.get(timeout=0.2)
                if host.code != 0:
                    raise JobFailed(host.failure())
                running -= 1
            if running and (self._stop.is_set() or time.time() > deadline):
                late = not self._stop.is_set()
                self.status = "Stopping"
                raise JobStopped("MaxRuntimeExceeded" if late else "Stopped")

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
        log = self.hosts[0].log
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
