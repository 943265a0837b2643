"""What a message advises is what Resume does by itself."""

import datetime

import pytest

from common import messages
from stocks.dataset import resume


def test_the_times_that_are_told_are_those_of_resume():
    minutes = [f"{spacing // datetime.timedelta(minutes=1)}" for spacing in resume.SPACING]
    assert f"{', '.join(minutes[:-1])} and {minutes[-1]} minutes apart and at most three times" in messages.AGAIN
    assert len(resume.SPACING) == 3
    assert datetime.timedelta(hours=2) == resume.LATE
    assert "two hours after its upload" in messages.READ_AGAIN


@pytest.mark.parametrize(
    "error",
    ["TrainingFailed", "EndpointFailed", "TransformFailed", "ModelFailed", "Transient", "QuotaReached", "KeyError"],
)
def test_a_run_that_is_tried_again_by_itself_says_so_and_asks_for_no_upload(error):
    advice = messages.advice(error, is_read=True)
    assert messages.AGAIN in advice
    assert "upload the file again" not in advice.lower()


@pytest.mark.parametrize("error", ["Transient", "KeyError"])
def test_a_file_that_could_not_be_read_is_read_again_two_hours_after_its_upload(error):
    advice = messages.advice(error, is_read=False)
    assert messages.READ_AGAIN in advice
    assert messages.AGAIN not in advice


@pytest.mark.parametrize("error", resume.FOR_A_PERSON)
def test_where_resume_waits_for_a_person_no_try_is_promised(error):
    assert messages.AGAIN not in messages.advice(error, is_read=True)
    assert error in messages.ADVICE


def test_notify_tells_a_failure_of_reading_from_that_of_a_run():
    import notify

    def cause(run):
        event = {"outcome": "failed", "run": run, "key": "k", "failure": {"error": "Transient", "cause": "busy"}}
        return notify.what_failed(event, "k", "Transient")

    assert cause({}).endswith(messages.READ_AGAIN)
    assert cause({"run_id": "us-1", "dataset": "us"}).endswith(messages.AGAIN)
