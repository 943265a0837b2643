"""The steps of the forecast machine from Merge to Summarize, in its order, under a run id of their own."""

import dataclasses
import inspect
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import baseline
import calibrate
import check_data
import check_endpoint
import check_training
import clean_up
import create_endpoint
import forecast
import merge
import publish
import scale
import start_training
import summarize
from common import keys, storage, telemetry
from common.errors import StillCreating, Transient
from common.events import Run
from common.settings import settings
from local.replay.kept import NotReplayed
from stocks.dataset import plan as plans
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Plan

type Say = Callable[[str], object]

TRIES, PAUSE_SECONDS = 90, 20  # of what may pass: half an hour, as the machine has it
POLL_SECONDS = 5
COMING = ("InProgress", "Stopping", "Creating", "Updating", "SystemUpdating", "RollingBack")
STARTED = "1970-01-01T00:00:00+00:00"  # of the execution, which a replay is not


@dataclasses.dataclass(frozen=True)
class Steps:
    """One replay: its plan, whose run and execution are its own, and the run as the steps take it."""

    plan: Plan
    run: Run
    say: Say

    @property
    def execution(self) -> str:
        """Names the replay's resources in SageMaker, as an execution's name does."""
        return f"replay-{self.run['run_id'].rpartition('-')[2]}"

    def replay(self) -> str:
        """Make the run; why it would publish nothing, empty where it would. Raises what the steps raise."""
        self._lead()
        self._each(merge)
        checked = self._call(check_data)
        if checked["status"] not in ("train", "reuse"):
            return checked["reason"]
        if self.plan.model and checked["status"] == "train":
            raise NotReplayed(f"it took an earlier model and cannot do so again: {checked['reason']}")
        self._each(scale)
        try:
            fitted = self._fit(checked["model_uri"])
        finally:
            self._call(clean_up, **self._named(), execution_arn="", error="")
        self._call(calibrate)
        self._each(publish)
        self._call(summarize, execution_started=STARTED, endpoint_seconds=0.0, **fitted)
        return ""

    def _lead(self) -> None:
        """The steps find their plan and a lease that names them, in the folder only."""
        storage.put(settings().lake_bucket, keys.lake("plans", self.run, "plan.json"), self.plan.to_json())
        lease = Lease(term=self.plan.term, holder=self.plan.execution)
        storage.put(settings().lake_bucket, keys.lease(self.plan.dataset), lease.to_json())

    def _fit(self, taken: str) -> dict[str, Any]:
        """What Summarize takes of job and endpoint, after all shards have their forecasts.

        taken is the place of an earlier run's model; where it is empty a model is trained. An endpoint answers,
        whichever EndpointMode the stack has: both give the same forecasts.
        """
        job = None if taken else self._call(start_training, **self._named())
        self._each(baseline)
        said = {"model_uri": taken, "train_seconds": 0}
        if job:
            trained = self._until("Completed", check_training, job_name=job["job_name"])
            said = {name: trained[name] for name in said}
        created = self._call(create_endpoint, **self._named(), model_uri=said["model_uri"])
        served = self._until("InService", check_endpoint, endpoint_name=created["endpoint_name"])
        self._each(forecast, endpoint_name=served["endpoint_name"], job_name="")
        return said | {"inference_digest": served["digest"]}

    def _named(self) -> dict[str, Any]:
        return {"execution_name": self.execution, "attempt": 0}

    def _until(self, done: str, step: ModuleType, **more: Any) -> dict[str, Any]:
        """The check's answer once its status is this one. Raises NotReplayed where it will never be."""
        while (answer := self._call(step, quietly=True, **more))["status"] in COMING:
            time.sleep(POLL_SECONDS)
        if answer["status"] != done:
            raise NotReplayed(f"{_name(step)} says {answer['status']}: {answer['reason']}")
        return answer

    def _each(self, step: ModuleType, **more: Any) -> None:
        """What a Map state does, one shard after the other."""
        for shard in range(self.run["shards"]):
            self._call(step, quietly=shard > 0, shard=shard, **more)

    def _call(self, step: ModuleType, quietly: bool = False, **more: Any) -> Any:
        """The handler's answer, without its logs and metrics; what may pass is tried again."""
        if not quietly:
            self.say(f"  {_name(step)} ...")
        handler = inspect.unwrap(step.handler)
        for _ in range(TRIES):
            try:
                return handler({"run": self.run, **more}, None)
            except (Transient, StillCreating) as error:
                self.say(f"  {_name(step)} waits: {error}")
                time.sleep(PAUSE_SECONDS)
            except Exception as error:  # a kept file that is no longer what it was, say: the user gets words
                raise NotReplayed(f"{_name(step)} failed: {type(error).__name__}: {error}") from error
            finally:
                telemetry.forget()
        raise NotReplayed(f"{_name(step)} did not get on in {TRIES} tries")


def steps(drawn: Plan, token: str, say: Say) -> Steps:
    """A replay of the plan; token tells it from others of the same run."""
    execution = f"replay of {drawn.run_id}, {token}"
    own = dataclasses.replace(
        drawn, run_id=plans.run_id(drawn.dataset, execution), execution=execution, outcome="fold", insist=True
    )
    return Steps(own, {"run_id": own.run_id, "dataset": own.dataset, "shards": own.shards}, say)


def own_keys(run: Run) -> Iterator[tuple[str, str]]:
    """Bucket and prefix of what a replay leaves in the stack: what SageMaker reads, and the model it writes."""
    yield settings().work_bucket, keys.work(run["run_id"], "")
    yield settings().lake_bucket, keys.lake("models", run)


def _name(step: ModuleType) -> str:
    return step.__name__.capitalize().replace("_", " ")
