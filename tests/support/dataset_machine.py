"""Any interleaving of what can happen to a dataset: scenario 54 of the contract as a state machine for hypothesis."""

import contextlib
import datetime
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stocks.dataset.resume import FOR_A_PERSON, SPACING
from stocks.dataset.settings import WrongSettings
from stocks.dataset.uploads import Upload
from tests.support import dataset_steps
from tests.support.dataset_steps import BAD, SHORT, Failed
from tests.support.dataset_world import Execution, World

SETTINGS = ("{}", "{}", '{"exclude": ["a.csv"]}', '{"mode": "replace"}', '{"test_fraction": 0.3}', '{"mod": "append"}')
BADLY = ("FAILED", "TIMED_OUT", "ABORTED")
anyone = st.integers(0, 99)  # an index into whatever there is
turns = st.lists(st.tuples(anyone, st.sampled_from([1, 2, 3, 5, 8, 13, 40])), max_size=3)
mostly, seldom = st.sampled_from([True, True, False]), st.sampled_from([False, False, True])
few = st.integers(1, 6)
file = st.tuples(
    st.sampled_from(["a.csv", "b.csv", "US/a.csv"]),
    st.sampled_from(["a", "b", "c", "a", "b", "c", SHORT, BAD]),
    st.sampled_from([0, 0, 0, 90]),  # minutes since it began
    st.sampled_from([1, 1, 1, 1, 0, 2]),  # events of it
    st.booleans(),  # whether they have a sequencer
)


def event(**drawn: Any) -> Callable[[Callable], Callable]:
    """A rule; before it some executions go on by some calls of AWS."""

    def decorate(happens: Callable) -> Callable:
        def after_turns(self, turns, **given):
            for index, count in turns:
                if running := self.world.running():
                    self.work(of(running, index), count)
            happens(self, **given)

        after_turns.__name__ = happens.__name__
        return rule(turns=turns, **drawn)(after_turns)

    return decorate


class Interleavings(RuleBasedStateMachine):
    """Rules are what people, AWS and time do; teardown lets everything come to rest and looks at the table."""

    resume, list_first = True, False

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.resume, self.list_first)
        self.uploads: list[Upload] = []
        self.arrivals = 0  # whatever may be the reason of a training
        self.newest = self.shown = 0

    # People.

    @initialize(files=st.lists(file, min_size=2, max_size=4))
    def begin_with(self, files):
        """Hypothesis leaves out half of the rules of an example, often that of the uploads."""
        for dropped in files:
            self.drop(*dropped)

    @event(dropped=file)
    def upload(self, dropped):
        self.drop(*dropped)

    def drop(self, name, content, minutes_ago, events, sequenced):
        sequencer = f"00{len(self.uploads):04X}" if sequenced else ""
        self.uploads.append(self.world.upload(name, content, minutes_ago, sequencer))
        self.arrivals += 1
        for _ in range(events):
            self.world.start(upload=self.uploads[-1])

    @event(index=anyone)
    def deliver_again(self, index):
        self.world.start(upload=of(self.uploads, index))

    @event(force=st.booleans(), text=st.sampled_from([None, None, *SETTINGS]))
    def nudge_or_change_settings(self, force, text):
        self.nudge(text, force)

    def nudge(self, settings: str | None, force: bool = False) -> None:
        self.arrivals += 1
        if settings is None:
            self.world.start(force=force)
        else:
            self.world.put_settings(settings)

    # Executions.

    @event()
    def let_all_end(self):
        self.world.run()

    @event(index=anyone)
    def lose_the_answer(self, index):
        if running := self.world.running():
            self.world.retry(of(running, index))

    @event(index=anyone, status=st.sampled_from(BADLY), cleaned=mostly)
    def die(self, index, status, cleaned):
        if running := self.world.running():
            self.end(of(running, index), status, cleaned)

    @event(
        state=st.sampled_from(["gather", "merge", "train", "summarize", "summarize", "crawl", "hand_over"]),
        count=st.sampled_from([0, 1, 2, 2, 3]),
        status=st.sampled_from(BADLY),
        cleaned=mostly,
    )
    def lose_the_leader(self, state, count, status, cleaned):
        self.lose(state, count, status, cleaned)

    @event(text=st.sampled_from(SETTINGS), count=st.sampled_from([0, 1, 2, 2, 3]), status=st.sampled_from(BADLY))
    def take_settings_back(self, text, count, status):
        """The run that had them dies where it publishes."""
        before = self.world.settings_file
        self.nudge(text)
        self.lose("summarize", count, status, cleaned=True)
        self.nudge(before.decode() if before else "{}")

    def lose(self, state, count, status, cleaned):
        """Who leads, or else who comes first, goes on until it is in this state, and dies there."""
        if not self.world.running():
            self.drop("b.csv", "b", 0, 1, False)
        for _ in range(200):
            leader = of([*self.world.leaders(), *self.world.running(), None], 0)
            if leader is None or (leader in self.world.leaders() and leader.state == state):
                break
            self.work(leader, 1)
        if leader:
            self.work(leader, count)
            self.end(leader, status, cleaned)

    @event(index=anyone, count=few)
    def let_a_zombie_work(self, index, count):
        if self.world.zombies:
            self.go_on(of(self.world.zombies, index), count)

    # What comes by itself.

    @event(count=few, slow=st.booleans())
    def tick(self, count, slow):
        self.begin(dataset_steps.resume(self.world), count, slow)

    @event(index=anyone, count=few, slow=st.booleans())
    def clean_up(self, index, count, slow):
        if self.world.unclean:
            dead = self.world.unclean.pop(index % len(self.world.unclean))
            error = "Aborted" if dead.status == "ABORTED" else dead.error
            self.begin(dataset_steps.clean_up(self.world, dead, error), count, slow)

    @event(seconds=st.sampled_from([1, 60, 660, 3600, 3 * 3600, 86400]))
    def pass_time(self, seconds):
        """The oldest upload expires, and old tables but the newest and the base of the leader's plan."""
        world, newest = self.world, self.world.newest()
        world.now += datetime.timedelta(seconds=seconds)
        if seconds > 3600 and world.incoming:
            del world.incoming[0]
        bases = [execution.plan.base for execution in world.leaders() if execution.plan]
        for run in world.runs():
            old = world.now - run.finished > datetime.timedelta(days=world.stack.retention_days)
            if old and run != newest and run.run_id not in bases:
                world.s3.objects.pop(f"prices/{run.run_id}", None)

    @event(crawl=seldom, model=seldom, seconds=st.sampled_from([0, 5, 300]))
    def fail(self, crawl, model, seconds):
        self.world.crawl_fails, self.world.model_fails = crawl, model
        self.world.lag = datetime.timedelta(seconds=seconds)

    @event(fold=st.booleans())
    def deploy(self, fold):
        self.arrivals += 1
        stack = self.world.stack
        self.world.deploy(code=f"{stack.code}+", fold=f"{stack.fold}{'+' * fold}")

    def end(self, execution: Execution, status: str, cleaned: bool) -> None:
        self.world.die(execution, status)
        if cleaned and execution in self.world.unclean:
            self.world.clean(execution)

    def work(self, execution: Execution, count: int) -> None:
        for _ in range(count):
            self.world.advance(execution)
            self.look()

    def begin(self, call: Iterator, count: int, slow: bool) -> None:
        """Some calls of AWS; then it waits for its turn, or has crashed."""
        if not self.go_on(call, count) and slow:
            self.world.zombies.append(call)

    def go_on(self, call: Iterator, count: int = 1000) -> bool:
        """Whether it has ended; nobody hears of its result."""
        with contextlib.suppress(Failed):
            for _ in range(count):
                if next(call, self) is self:
                    break
                self.look()
            else:
                return False
        if call in self.world.zombies:
            self.world.zombies.remove(call)
        return True

    # What is always so, and what is so at last.

    @invariant()
    def look(self):
        world, newest = self.world, self.world.newest()
        assert len(world.leaders()) <= 1, "two executions lead"
        assert world.terms == list(range(len(world.terms))), "a term was given twice"
        assert newest is None or newest.term >= self.newest, "the newest run is older than before"
        self.newest = newest.term if newest else 0
        if shown := world.shown():
            assert shown.run_id in world.crawled, "the views show a run whose partitions are not there"
            assert shown.run_id in {run.run_id for run in world.runs()}, "the views show a run that is not published"
        assert (shown.term if shown else 0) >= self.shown, "the views show an older run than before"
        self.shown = shown.term if shown else 0
        deaths = sum(execution.status in ("FAILED", "ABORTED", "TIMED_OUT") for execution in world.executions.values())
        assert len(world.trained) <= self.arrivals + deaths, "it trained without a reason"

    def teardown(self):
        world = self.world
        world.crawl_fails = world.model_fails = False
        world.lag = datetime.timedelta(0)
        if isinstance(world.settings(), WrongSettings):
            world.put_settings("{}")
        world.now += datetime.timedelta(hours=2)
        self.rest()
        for zombie in list(world.zombies):
            self.go_on(zombie)
        self.rest()
        self.look()
        self.check_verdicts()
        self.check_table()

    def rest(self) -> None:
        """Until nothing runs; a person goes on where the contract leaves it to one."""
        world = self.world
        world.settle()
        lease = world.lease()
        if lease.settled != world.seen() and world.verdicts():
            assert lease.error in FOR_A_PERSON or lease.tries > len(SPACING), "uploads are lost"
            world.start()
            world.settle()
            assert world.lease().settled == world.seen(), "a nudge does not settle it"
        assert world.lease().holder == ""

    def check_verdicts(self) -> None:
        judged = {verdict.upload.id for verdict in self.world.verdicts()}
        started = " ".join(self.world.executions)
        for upload in self.world.incoming:
            if self.world.now - upload.modified < datetime.timedelta(hours=20):
                assert upload.id in judged or f"-late-{upload.id.split('-')[1]}-" in started, "an upload is forgotten"

    def check_table(self) -> None:
        rows = folded(self.world)
        if not set(rows) <= {SHORT}:
            newest = self.world.newest()
            assert newest is not None
            assert self.world.table() == rows, "the newest run's table is not the fold of the accepted uploads"
            shown = self.world.shown()
            assert shown is not None
            assert shown.run_id == newest.run_id, "nobody sees the newest run"


def of[Thing](things: list[Thing], index: int) -> Thing:
    return things[index % len(things)]


def folded(world: World) -> list[str]:
    """The contract's rule 1 in other words than the product's."""
    settings = world.settings()
    assert not isinstance(settings, WrongSettings)
    accepted = [verdict.upload for verdict in world.verdicts() if verdict.accepted]
    accepted = [upload for upload in accepted if upload.key.split("/")[-1] not in settings.exclude]
    accepted.sort(key=lambda upload: upload.version_id)
    accepted.sort(key=lambda upload: int(upload.sequencer or "0", 16) if upload.sequencer else -1)
    accepted.sort(key=lambda upload: (upload.modified, upload.key))
    if settings.mode == "replace":
        accepted = accepted[-1:]
    contents = [world.contents[upload.id] for upload in accepted]
    return [content for at, content in enumerate(contents) if at == 0 or content != contents[at - 1]]
