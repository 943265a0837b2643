"""Hand over's reading and writing; tests/unit/dataset has what it decides."""

import json

import pytest
from botocore.exceptions import ClientError

import hand_over
from common import dataset, keys, storage
from common.errors import Transient
from stocks.contract import SCHEMA
from stocks.dataset import coordination
from stocks.dataset.latest import Latest
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Plan
from stocks.dataset.uploads import place
from tests.support import folding
from tests.support.lambda_environment import ENVIRONMENT
from tests.support.plans import EXECUTION, NOON, OURS, draw, lead, published, put_verdict, run_of, standing, upload_rows

MACHINE = ENVIRONMENT["STATE_MACHINE_ARN"]


@pytest.fixture(autouse=True)
def cloud(s3):
    return s3


@pytest.fixture
def call(context):
    return lambda published=True: hand_over.handler({"run": run_of(), "published": published}, context)


def verdict(name: str = "a.csv", second: int = 0):
    return put_verdict(upload_rows(A=folding.walked(1, 5).file(0, 5)), name, second)


def ran(**changed) -> Plan:
    """A run that holds the lease and has come to its end."""
    drawn = draw(verdict(), **changed)
    lead(drawn, failures=2)
    return drawn


@pytest.fixture
def started(stub):
    """started(error) lets the step start one execution; the list of what was asked."""

    def expect(error: str = "") -> list[dict]:
        asked: list[dict] = []
        stubber = stub("stepfunctions")
        stubber.client.meta.events.register(
            "provide-client-params.stepfunctions.StartExecution", lambda params, **_: asked.append(dict(params))
        )
        if error:
            stubber.add_client_error("start_execution", error)
        else:
            stubber.add_response("start_execution", {"executionArn": f"{EXECUTION}next", "startDate": NOON})
        return asked

    return expect


def test_the_lease_is_released_settled_and_crawled(call, cloud):
    drawn = ran()
    assert call() == {"successor": ""}
    assert standing(cloud) == Lease(
        term=1, holder="", taken=NOON, planned=drawn.seen, settled=drawn.seen, crawled=1, failures=0
    )


def test_a_run_that_published_nothing_says_that_the_newest_run_is_crawled(call, cloud):
    ran(term=5, newest=3)
    call(published=False)
    assert standing(cloud).crawled == 3


def test_what_came_meanwhile_starts_one_successor_as_a_nudge(call, cloud, started):
    drawn = ran()
    verdict("b.csv", 60)
    asked = started()
    answer = call()
    (one,) = asked
    assert answer == {"successor": one["name"]}
    assert (one["stateMachineArn"], standing(cloud).holder) == (MACHINE, "")
    event = json.loads(one["input"])["detail"]
    assert event == {"bucket": {"name": "incoming"}, "object": {"key": "incoming/us/"}}
    assert place(event["object"]["key"]).kind == "nudge"
    assert one["name"].startswith("us-after-")
    assert drawn.run_id not in one["name"]


def test_other_settings_start_a_successor_too(call, cloud, started):
    ran()
    cloud.put_object(Bucket="incoming", Key="incoming/us/settings.json", Body=b'{"mode": "replace"}')
    started()
    assert call()["successor"]


def test_wrong_settings_do_not_keep_the_lease(call, cloud, started):
    ran()
    cloud.put_object(Bucket="incoming", Key="incoming/us/settings.json", Body=b"{")
    started()
    assert call()["successor"]
    assert standing(cloud).holder == ""


def test_a_step_that_is_tried_again_starts_the_same_execution_once(call, started):
    ran()
    verdict("b.csv", 60)
    first = started()
    answer = call()
    second = started("ExecutionAlreadyExists")
    assert call() == answer
    assert first == second


def test_any_other_refusal_is_no_successor(call, started):
    ran()
    verdict("b.csv", 60)
    started("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        call()


def test_the_lease_is_released_before_verdicts_are_listed(call, cloud):
    """The other order loses what comes between."""
    ran()
    cloud.calls.clear()
    call()
    released = cloud.calls.index(("put_object", keys.lease("us")))
    listed = cloud.calls.index(("list_objects_v2", keys.verdicts("us")))
    assert released < listed


def test_a_verdict_that_comes_while_the_lease_is_released_finds_a_successor(call, monkeypatch, started):
    ran()
    write = dataset.write_lease

    def meanwhile(*arguments):
        written = write(*arguments)
        verdict("b.csv", 60)
        return written

    monkeypatch.setattr(dataset, "write_lease", meanwhile)
    started()
    assert call()["successor"]


def test_a_lease_that_is_not_its_own_any_more_stays(call, cloud):
    drawn = ran()
    other = Lease(term=drawn.term + 1, holder=f"{EXECUTION}other", taken=NOON)
    storage.put("lake", keys.lease("us"), other.to_json())
    assert call() == {"successor": ""}
    assert standing(cloud) == other


def test_a_lease_that_was_written_meanwhile_is_read_again(call, cloud, monkeypatch):
    ran()
    write, tries = dataset.write_lease, []

    def once(*arguments):
        tries.append(arguments)
        return len(tries) > 1 and write(*arguments)

    monkeypatch.setattr(dataset, "write_lease", once)
    call()
    assert (len(tries), standing(cloud).holder) == (2, "")
    monkeypatch.setattr(dataset, "write_lease", lambda *_: False)
    lead(dataset.planned(run_of()))
    with pytest.raises(Transient, match="the lease of us keeps changing"):
        call()


# Which run the views show.


def publish(term: int, execution: str = "", newest: int = 0) -> Plan:
    """A run that is published, in its place among the terms."""
    drawn = draw(verdict(), term=term, newest=newest, execution=execution or f"{EXECUTION}of-{term}")
    published(drawn)
    return drawn


def shown() -> tuple[str, int] | None:
    found = dataset.latest("us")
    return (found.run_id, found.term) if found else None


def test_the_run_that_ends_is_shown_before_it_gives_the_lease_back(call, cloud):
    drawn = publish(2, OURS)
    lead(drawn)
    cloud.calls.clear()
    call()
    assert dataset.latest("us") == Latest("us", drawn.run_id, 2, SCHEMA)
    written = [key for name, key in cloud.calls if name == "put_object"]
    assert written == [keys.latest("us"), keys.lease("us")]


def test_a_run_that_publishes_nothing_has_the_newest_run_shown(call):
    """What was lost, and what a crawl that failed had kept back."""
    older, newest = publish(1), publish(2)
    lead(draw(verdict(), term=5, newest=2))
    call(published=False)
    assert shown() == (newest.run_id, 2)
    assert older.run_id != newest.run_id


def test_a_run_that_no_crawl_has_seen_is_not_shown(call):
    """A dead run's Summarize wrote its row after the crawl of this execution, which the plan knows nothing of."""
    seen = publish(1)
    publish(3)
    lead(draw(verdict(), term=4, newest=1))
    call(published=False)
    assert shown() == (seen.run_id, 1)


def test_a_run_without_its_row_is_not_shown(call, cloud):
    drawn = publish(1)
    cloud.delete_object("lake", keys.lake("runs", {"run_id": drawn.run_id, "dataset": "us"}, keys.part(0)))
    lead(draw(verdict(), term=2, newest=1))
    call(published=False)
    assert shown() is None


def test_a_dataset_of_the_first_version_shows_nothing_before_its_next_run(call, cloud):
    cloud.put_object("lake", keys.lake("runs", {"run_id": "us-old", "dataset": "us"}, keys.part(0)), b"row")
    ran(term=1, newest=0)
    call(published=False)
    assert shown() is None


def test_a_step_that_comes_late_does_not_bring_back_an_older_run(call):
    drawn = publish(2, OURS)
    lead(drawn)
    publish(7)
    storage.put("lake", keys.latest("us"), Latest("us", "us-newer", 7, SCHEMA).to_json())
    call()
    assert shown() == ("us-newer", 7)


def test_who_shows_another_run_meanwhile_is_read_again(call, monkeypatch):
    drawn = publish(2, OURS)
    lead(drawn)
    put_if, tries = storage.put_if, []

    def meanwhile(bucket, key, text, etag):
        if key == keys.latest("us") and not tries:
            tries.append(key)
            storage.put(bucket, key, Latest("us", "us-before", 1, SCHEMA).to_json())
        return put_if(bucket, key, text, etag)

    monkeypatch.setattr(storage, "put_if", meanwhile)
    call()
    assert (len(tries), shown()) == (1, (drawn.run_id, 2))


def test_where_it_cannot_be_shown_the_lease_stays_unsettled(call, cloud, monkeypatch):
    """So Resume finds it, and the next execution crawls and shows."""
    drawn = publish(2, OURS)
    held = lead(drawn)
    put_if = storage.put_if
    monkeypatch.setattr(
        storage, "put_if", lambda bucket, key, *rest: "latest/" not in key and put_if(bucket, key, *rest)
    )
    with pytest.raises(Transient, match=r"latest/us\.json keeps changing"):
        call()
    assert standing(cloud) == held
    assert coordination.needs_crawl(held, draw(verdict(), term=3, newest=2))
