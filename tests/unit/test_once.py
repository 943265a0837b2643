"""One message for all tries of a state, in S3 in memory: what each end of a try leaves, and what the next one does."""

import time

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from common import messages, once


class Clock:
    """Time that passes by sleeping, and what happens meanwhile."""

    def __init__(self):
        self.now, self.meanwhile = 0.0, {}

    def sleep(self, seconds):
        self.now += seconds
        for at in [at for at in self.meanwhile if at <= self.now]:
            self.meanwhile.pop(at)()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    return clock


@pytest.fixture
def topic(s3, clock, monkeypatch):
    """The texts that SNS took; `topic.fails` is raised once instead."""

    class Topic(list):
        fails: Exception | None = None

    taken = Topic()

    def publish(_, _subject, text):
        error, taken.fails = taken.fails, None
        if error:
            raise error
        taken.append(text)

    monkeypatch.setattr(messages, "publish", publish)
    return taken


def send(name="a"):
    """What a try of Notify does; what it found."""
    found = once.claim(name)
    if found != "sent":
        once.publish(name, found, "subject", "text")
    return found


def test_a_lost_answer_leaves_one_message(topic, clock):
    assert [send(), send(), send()] == ["first", "sent", "sent"]
    assert (topic, clock.now) == (["text"], 0)


def test_each_state_has_a_message_of_its_own(topic):
    assert [send("a"), send("b")] == ["first", "first"]
    assert topic == ["text", "text"]


def test_what_sns_refused_is_sent_at_once_by_the_next_try(topic, clock):
    topic.fails = ClientError({"Error": {"Code": "Throttling"}}, "Publish")
    with pytest.raises(ClientError):
        send()
    assert (send(), topic, clock.now) == ("first", ["text"], 0)
    assert send() == "sent"


def test_where_no_answer_came_it_is_sent_again_and_says_so(topic, clock):
    topic.fails = ReadTimeoutError(endpoint_url="https://sns")
    with pytest.raises(ReadTimeoutError):
        send()
    assert send() == "unknown"
    assert topic == [f"text\n\n{once.MAYBE_TWICE}"]
    assert clock.now == pytest.approx(once.PATIENCE_SECONDS, abs=once.POLL_SECONDS)
    assert send() == "sent"


def test_a_try_that_was_killed_is_no_silence(topic):
    assert once.claim("a") == "first"  # and then it is killed
    assert send() == "unknown"
    assert len(topic) == 1


def test_a_try_that_still_runs_is_waited_for(topic, clock):
    assert once.claim("a") == "first"
    clock.meanwhile[5] = lambda: once.publish("a", "first", "subject", "text")
    assert send() == "sent"
    assert topic == ["text"]


def test_a_refusal_that_comes_while_another_waits_is_sent_by_that_one(topic, clock):
    assert once.claim("a") == "first"
    clock.meanwhile[5] = lambda: once.settle("a", "unsent")
    assert send() == "first"
    assert topic == ["text"]
