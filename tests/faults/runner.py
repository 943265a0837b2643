"""The suite's runs, many at once on one laptop cloud: dropped, met by their faults, started again if they failed."""

import contextlib
import dataclasses
import json
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from stocks.dataset.plan import run_id
from tests.faults.executions import SECONDS, Executions
from tests.faults.model import Fault, Run
from tests.faults.small_file import ROWS, TOO_FEW, prices_csv
from tests.faults.view_watcher import VIEWS, ViewWatcher
from tests.support.cloud import Cloud
from tests.support.eventually import eventually
from tests.support.modes import answer_by

AT_ONCE = 10
TABLES = ("predictions", "metrics", "prices", "tickers", "runs")


@dataclasses.dataclass(frozen=True)
class Ended:
    """One execution that has ended: its description, its events, and what there was of its run right after it."""

    described: dict
    history: list[dict]
    told: list[str]
    lake: list[str]
    left: dict[str, list[str]]
    lease: dict

    @property
    def committed(self) -> bool:
        return any(key.startswith("runs/") for key in self.lake)

    @property
    def tries(self) -> dict[str, list[str]]:
        """The errors of the failed tries of each state, in order."""
        events = {event["id"]: event for event in self.history}
        found: dict[str, list[str]] = {}
        for event in self.history:
            if event["type"] in ("TaskFailed", "TaskTimedOut"):
                error = next(value["error"] for key, value in event.items() if key.endswith("EventDetails"))
                while event["type"] != "TaskStateEntered":
                    event = events[event["previousEventId"]]
                found.setdefault(event["stateEnteredEventDetails"]["name"], []).append(error)
        return found

    @property
    def entered(self) -> list[str]:
        return [
            event["stateEnteredEventDetails"]["name"] for event in self.history if event["type"].endswith("Entered")
        ]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a run: its first execution, the second if the first failed, and faults that never struck."""

    dataset: str
    first: Ended
    again: Ended | None
    spared: list[dict]
    visible: dict[str, int] | None = None  # rows of this run by table or view, between its executions


def chosen(session, parameter: str) -> dict[str, Any]:
    """The runs, or the inputs (parameter case), of the session's tests of this folder, by name."""
    ours = [item for item in session.items if item.path.parent == Path(__file__).parent]
    parameters = [item.callspec.params for item in ours if hasattr(item, "callspec")]
    return {found[parameter].name: found[parameter] for found in parameters if parameter in found}


class Runner:
    def __init__(self, cloud: Cloud, runs: list[Run], numbers: dict[str, int]):
        self.cloud, self.outputs, self.runs = cloud, cloud.outputs(), runs
        self.datasets = {run.name: f"f{numbers[run.name]:03d}" for run in runs}
        self.forecasts = Executions(cloud, self.outputs["StateMachineArn"])
        self.clean_ups = Executions(cloud, f"{self.outputs['StateMachineArn']}-clean-up")
        self._s3, self._states = cloud.client("s3"), cloud.client("stepfunctions")
        self.watcher = ViewWatcher(cloud, self.outputs)
        together = [run for run in runs if not run.alone and run.mode == "realtime"]
        self._inject(together)
        self._pool, self._single = ThreadPoolExecutor(AT_ONCE), ThreadPoolExecutor(1)
        self._outcomes = {run.name: self._pool.submit(self._run, run) for run in together}
        others = list(self._outcomes.values())
        for run in runs:
            if run.alone:
                self._outcomes[run.name] = self._single.submit(self._run_alone, run, others)
        transforming = [run for run in runs if run.mode == "transform"]
        assert not any(run.alone for run in transforming)
        # The machine has one mode at a time. Runs of the pool begin in order, so those that wait keep no other from it.
        turn = self._single.submit(self._turn, transforming, others)
        self._outcomes |= {run.name: self._pool.submit(self._run_after, turn, run) for run in transforming}

    def _turn(self, transforming: list[Run], others: list[Future]) -> None:
        """Once all others have ended, the machine goes the other way."""
        if transforming:
            wait(others)
            self._inject(transforming)
            answer_by(self.cloud, "transform")

    def _run_after(self, turn: Future, run: Run) -> Outcome:
        turn.result()
        return self._run(run)

    def outcome(self, run: Run) -> Outcome:
        return self._outcomes[run.name].result()

    def runs_end(self) -> None:
        """Wait for all runs: what is dropped beside them could take a fault that was meant for one."""
        wait(self._outcomes.values())
        answer_by(self.cloud, "realtime")

    def finish(self) -> None:
        self.runs_end()
        self._pool.shutdown()
        self._single.shutdown()
        self.watcher.finish()

    def drop(self, key: str, body: bytes) -> str:
        """Drop a file; the ARN of the execution that the event starts."""
        version = self._s3.put_object(Bucket=self.outputs["IncomingBucket"], Key=key, Body=body)["VersionId"]
        return self.forecasts.find(lambda given: given["detail"]["object"].get("version-id") == version)

    def start_again(self, given: str, **name: str) -> str:
        started = self._states.start_execution(stateMachineArn=self.forecasts.machine, input=given, **name)
        return started["executionArn"]

    def ended(self, arn: str, key: str, dataset: str, heard: int = 0) -> Ended:
        """Wait for the execution and, after a bad end, for what cleans up after it; `heard` messages are known."""
        described = self.forecasts.ended(arn)
        if described["status"] != "SUCCEEDED":
            self.cleaned_up(arn)
        left, told = self.cloud.left_in_sagemaker(f"-{dataset}-"), self.cloud.messages(key)[heard:]
        return Ended(described, self.cloud.history(arn), told, self.lake(dataset, arn), left, self.lease(dataset))

    def lake(self, dataset: str, arn: str) -> list[str]:
        """What the execution's own run has left in the tables."""
        run = f"dataset={dataset}/run_id={run_id(dataset, arn)}/"
        return [name for table in TABLES for name in self.cloud.keys("LakeBucket", f"{table}/{run}")]

    def lease(self, dataset: str) -> dict:
        """The dataset's lease; empty where none was ever taken."""
        return self.cloud.lease(dataset) if self.cloud.keys("LakeBucket", f"leads/{dataset}.json") else {}

    def input(self, arn: str) -> str:
        return self._states.describe_execution(executionArn=arn)["input"]

    def cleaned_up(self, arn: str) -> None:
        """Wait until what follows a bad end is over."""
        cleaned = self.clean_ups.find(lambda given: given["detail"]["executionArn"] == arn)
        assert self.clean_ups.ended(cleaned)["status"] == "SUCCEEDED", cleaned

    def green_after_a_failure(self) -> int:
        """How many executions succeeded that had to fail."""
        ended = {name: future.result().first for name, future in self._outcomes.items() if not future.exception()}
        return sum(
            ended[run.name].described["status"] == "SUCCEEDED"
            for run in self.runs
            if run.name in ended and run.status != "SUCCEEDED"
        )

    def green(self) -> list[tuple[str, str, str]]:
        """Dataset, run and outcome of every execution that succeeded."""
        found = [json.loads(one["output"]) for one in self.forecasts.succeeded()]
        return [(one.get("dataset", ""), one.get("run_id", ""), one["status"]) for one in found]

    def _run(self, run: Run) -> Outcome:
        dataset = self.datasets[run.name]
        key = f"incoming/{dataset}/{run.name.replace(' ', '-')}.csv"
        first = self.ended(self.drop(key, prices_csv(TOO_FEW if run.short else ROWS)), key, dataset)
        again = None
        spared = self._spared(dataset)
        visible = self._look(dataset) if run.looked_at else None
        if run.status != "SUCCEEDED":
            again = self.ended(self.start_again(first.described["input"]), key, dataset, len(first.told))
        return Outcome(dataset, first, again, spared, visible)

    def _look(self, dataset: str) -> dict[str, int]:
        """What a crawl lets readers see of the dataset."""
        self._crawl()
        found = self.cloud.client("glue").get_tables(DatabaseName=self.outputs["DatabaseName"])["TableList"]
        published = {"runs", "metrics"} <= {table["Name"] for table in found}  # before the first run no view answers
        names = ("predictions", *((*VIEWS, "run_history") if published else ()))
        asked = " union all ".join(f"select '{one}', count(*) from {one} where dataset = '{dataset}'" for one in names)
        return {name: int(count) for name, count in self.watcher.ask(asked)}

    def _crawl(self) -> None:
        """A whole crawl that begins after this call."""
        glue, crawler = self.cloud.client("glue"), self.outputs["CrawlerName"]

        def started() -> bool:
            with contextlib.suppress(glue.exceptions.CrawlerRunningException):
                glue.start_crawler(Name=crawler)
                return True
            return False

        eventually(started, SECONDS, 0.2)
        eventually(lambda: glue.get_crawler(Name=crawler)["Crawler"]["State"] == "READY", SECONDS, 0.2)

    def _run_alone(self, run: Run, others: list[Future]) -> Outcome:
        wait(others)
        eventually(self._is_quiet, SECONDS, 0.5)
        self._inject([run])
        return self._run(run)

    def _is_quiet(self) -> bool:
        """Whether nothing is left that could meet a fault meant for another: no execution runs, and no crawl."""
        glue, crawler = self.cloud.client("glue"), self.outputs["CrawlerName"]
        machines = (self.forecasts.machine, self.clean_ups.machine)
        running = [
            self._states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
            for machine in machines
        ]
        return not any(running) and glue.get_crawler(Name=crawler)["Crawler"]["State"] == "READY"

    def _inject(self, runs: list[Run]) -> None:
        found: dict = {"scripted": {}}
        for run in runs:
            for fault in run.faults:
                times = {"times": fault.count} if fault.count else {}
                match = {"match": [*fault.about, *self._scope(run, fault)]}
                found.setdefault(fault.entry, []).append(
                    {**fault.values, **times, **match, "run": self.datasets[run.name]}
                )
        self.cloud.faults(**found)

    def _scope(self, run: Run, fault: Fault) -> list[str]:
        """The text that tells this run's decisions from all others'."""
        dataset = self.datasets[run.name]
        if run.alone:
            return []
        if fault.entry in ("call_fails", "function_dies") and fault.state != "Split":
            return [f'"dataset": "{dataset}"']
        if fault.entry in ("call_fails", "function_dies", "task_fails", "execution_stops", "execution_is_late"):
            return [f"incoming/{dataset}/"]
        return [f"-{dataset}-"]

    def _spared(self, dataset: str) -> list[dict]:
        faults = json.loads((self.cloud.state / "faults.json").read_text())
        every = [one for entries in faults.values() if isinstance(entries, list) for one in entries]
        return [one for one in every if one["run"] == dataset and "times" in one]
