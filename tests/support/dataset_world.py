"""A dataset in memory: S3 with conditional writes, executions that die between a read and a write, and a clock.

Each step of the machine is a generator of tests/support/dataset_steps.py that yields before every call of AWS. So a
test decides who goes on, who dies there, and whose function works on although its execution is dead (a zombie).
"""

import dataclasses
import datetime
import functools
import math
from collections.abc import Iterator
from typing import Any

from stocks.dataset import documents, plan
from stocks.dataset.latest import Latest
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Plan, Run, Stack
from stocks.dataset.settings import Settings, WrongSettings, parse
from stocks.dataset.uploads import Upload, Verdict
from tests.support import dataset_steps
from tests.support.dataset_steps import Call, Failed

START = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.UTC)
DEFAULTS = Settings(test_fraction=0.2, bad_row_tolerance=0.01)
LEADING = ("merge", "train", "summarize", "crawl", "hand_over")
MINUTE = datetime.timedelta(minutes=1)


class S3:
    """Keys and texts; a text is its own ETag, as in S3 equal bodies have equal ones."""

    def __init__(self) -> None:
        self.objects: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self.objects.get(key)

    def put(self, key: str, text: str, standing: str | None) -> bool:
        """Write in place of what was read (None: where nothing stands), or return False."""
        if self.objects.get(key) != standing:
            return False
        self.objects[key] = text
        return True

    def names(self, prefix: str) -> list[str]:
        return sorted(key.removeprefix(prefix) for key in self.objects if key.startswith(prefix))


@dataclasses.dataclass(eq=False)
class Execution:
    """An execution of the forecast machine; `upload` is None for a nudge and for settings.json."""

    arn: str
    started: datetime.datetime
    upload: Upload | None = None
    settings: bool = False
    force: bool = False
    status: str = "RUNNING"
    error: str = ""
    ended: datetime.datetime | None = None
    wake: datetime.datetime = START
    state: str = "split"
    outcome: str = ""  # the word with which it ends green
    plan: Plan | None = None
    released: bool = False
    published: bool = False
    crawl: bool = False
    calls: int = 0  # DescribeExecution
    call: Call | None = None


class World:
    """What a test does to the dataset, and what it reads of it. Without `resume` no tick does anything."""

    def __init__(self, resume: bool = True, list_first: bool = False) -> None:
        self.resume, self.list_first = resume, list_first
        self.now, self.s3 = START, S3()
        self.stack = Stack(quiet_seconds=60, shard_kilobytes=8192, retention_days=3, fold="fold 1", code="code 1")
        self.incoming: list[Upload] = []  # versions that have not expired
        self.contents: dict[str, str] = {}  # by id
        self.settings_file: bytes | None = None
        self.executions: dict[str, Execution] = {}
        self.zombies: list[Iterator] = []
        self.unclean: list[Execution] = []  # ended badly, and the clean-up machine has not come yet
        self.ticks: list[Iterator] = []
        self.trained: set[str] = set()
        self.crawled: set[str] = set()
        self.messages: list[str] = []
        self.crawl_fails = self.model_fails = False
        self.call_takes = datetime.timedelta(seconds=1)
        self.poll, self.training_takes = 5 * MINUTE, 0 * MINUTE
        self.lag = datetime.timedelta(0)  # of DescribeExecution
        self.terms = [0]

    # What people do.

    def upload(self, name: str, content: str = "a", minutes_ago: float = 0, sequencer: str = "") -> Upload:
        """Drop a file; its event is another matter."""
        key, version = f"incoming/{name if '/' in name else f'us/{name}'}", documents.digest(str(len(self.contents)))
        modified = (self.now - minutes_ago * MINUTE).replace(microsecond=0)
        upload = Upload("incoming", key, version, modified, sequencer)
        self.incoming.append(upload)
        self.contents[upload.id] = content
        return upload

    def start(self, name: str = "", **cause) -> Execution:
        """Start an execution; of a name that was used before, nothing starts."""
        name = name or f"event-{len(self.executions)}"
        if name not in self.executions:
            self.executions[name] = Execution(name, self.now, wake=self.now, **cause)
        return self.executions[name]

    def drop(self, name: str, content: str = "a", **where) -> Execution:
        """Upload a file and deliver its event."""
        return self.start(upload=self.upload(name, content, **where))

    def deploy(self, **hashes: Any) -> None:
        self.stack = dataclasses.replace(self.stack, **hashes)

    def put_settings(self, text: str) -> Execution:
        self.settings_file = text.encode()
        return self.start(settings=True)

    def settings(self) -> Settings | WrongSettings:
        try:
            return parse(self.settings_file, DEFAULTS)
        except WrongSettings as error:
            return error

    # What time and AWS do.

    def advance(self, execution: Execution) -> None:
        """One call of AWS further; a sleeping execution wakes first."""
        if execution.status != "RUNNING":
            return
        self.now = max(self.now + self.call_takes, execution.wake)
        if execution.call is None:
            execution.call = getattr(dataset_steps, execution.state)(self, execution)
        try:
            next(execution.call)
        except StopIteration as step:
            execution.call, execution.state = None, step.value
            if step.value == "end":
                execution.status, execution.ended = "SUCCEEDED", self.now
        except Failed as error:
            execution.call = None
            self.die(execution, "FAILED", str(error))

    def finish(self, execution: Execution) -> Execution:
        """Let it go on to its end, for 2,000 calls at most."""
        for _ in range(2000):
            if execution.status != "RUNNING":
                return execution
            self.advance(execution)
        raise AssertionError(f"{execution.arn} does not end, it is in {execution.state}")

    def until(self, execution: Execution, state: str) -> Execution:
        """Let it go on until it enters a state."""
        while execution.state != state:
            assert execution.status == "RUNNING", f"it ended in {execution.state} as {execution.status}"
            self.advance(execution)
        return execution

    def retry(self, execution: Execution) -> None:
        """The step's answer is lost or late: it is called again, and the first call works on."""
        if execution.call is not None:
            self.zombies.append(execution.call)
            execution.call = None

    def die(self, execution: Execution, status: str = "FAILED", error: str = "States.Runtime") -> None:
        """It ends where it is; its function, if one is at work, goes on."""
        if execution.status == "RUNNING":
            self.retry(execution)
            execution.status, execution.error, execution.ended = status, error, self.now
            self.unclean.append(execution)

    def describe(self, arn: str) -> tuple[str, str]:
        """Status and error, as they were a while ago; empty where the execution did not exist then."""
        execution, then = self.executions[arn], self.now - self.lag
        if execution.started > then:
            return "", ""
        if execution.ended is None or execution.ended > then:
            return "RUNNING", ""
        return execution.status, execution.error

    def clean(self, execution: Execution) -> None:
        """The clean-up machine, whole."""
        self.unclean.remove(execution)
        error = "Aborted" if execution.status == "ABORTED" else execution.error
        exhaust(dataset_steps.clean_up(self, execution, error))

    def tick(self) -> None:
        """Resume, whole, 15 minutes later."""
        self.now += 15 * MINUTE
        exhaust(dataset_steps.resume(self))

    def run(self, minutes: float = math.inf, at_once: int = 10**9) -> None:
        """Let all go on to their ends, or for some minutes, call by call in turn, the oldest at once.

        Who sleeps wakes at its time, which comes when nothing else is to do.
        """
        begun = self.now
        while running := self.running():
            awake = [execution for execution in running if execution.wake <= self.now][:at_once]
            for execution in awake or sorted(running, key=lambda execution: execution.wake)[:1]:
                if (max(self.now, execution.wake) - begun) / MINUTE >= minutes:
                    return
                self.advance(execution)
            if (self.now - begun).days > 1:
                raise AssertionError(f"{[(execution.arn, execution.state) for execution in running]} do not end")

    def settle(self, ticks: int = 40) -> None:
        """Until nothing runs and Resume has nothing to do any more."""
        for _ in range(ticks):
            self.run()
            while self.unclean:
                self.clean(self.unclean[0])
            before = len(self.executions), self.lease()
            self.tick()
            waits = self.lease().settled != self.seen() and self.lease().tried_at is not None
            if (len(self.executions), self.lease()) == before and not waits:
                return

    # What stands.

    def running(self) -> list[Execution]:
        return [execution for execution in self.executions.values() if execution.status == "RUNNING"]

    def leaders(self) -> list[Execution]:
        """Who holds the lease, and who works as if it did."""
        holder = self.lease().holder
        return [
            execution
            for execution in self.running()
            if execution.arn == holder or (execution.state in LEADING and not execution.released)
        ]

    def lease(self) -> Lease:
        text = self.s3.get("leads")
        return loaded(Lease, text) if text else Lease()

    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(loaded(Verdict, self.s3.objects[f"verdicts/{name}"]) for name in self.s3.names("verdicts/"))

    def seen(self) -> str:
        return plan.seen(self.s3.names("verdicts/"), self.settings().version)

    def runs(self) -> tuple[Run, ...]:
        return tuple(loaded(Run, self.s3.objects[f"runs/{name}"]) for name in self.s3.names("runs/"))

    def newest(self) -> Run | None:
        return plan.newest(self.runs())

    def shown(self) -> Latest | None:
        """What the views show."""
        text = self.s3.get("latest")
        return loaded(Latest, text) if text else None

    def table(self) -> list[str]:
        """The newest run's rows: the contents that were folded, in order; of equal neighbours one."""
        run = self.newest()
        return (self.s3.get(f"prices/{run.run_id}") or "").split() if run else []


@functools.lru_cache(5000)  # documents are frozen, and the same ones are read again and again
def loaded[Kept: documents.Document](kind: type[Kept], text: str) -> Kept:
    return kind.from_json(text)


def exhaust(call: Iterator) -> None:
    for _ in call:
        pass
