import datetime

import pytest

import check_training


@pytest.fixture
def check(sagemaker, context):
    def call(status, seconds=100, **job):
        sagemaker.add("TrainingJob", "j", status, seconds=seconds, **job)
        return check_training.handler({"run": {"run_id": "r", "dataset": "d"}, "job_name": "j"}, context)

    return call


@pytest.mark.parametrize("status", ["InProgress", "Completed", "Failed", "Stopping", "Stopped", "Deleting"])
def test_the_status_is_sagemakers_own_word(check, status):
    assert check(status)["status"] == status


def test_a_job_under_way_has_its_age_and_no_model_yet(check):
    assert check("InProgress") == {
        "job_name": "j",
        "status": "InProgress",
        "reason": "",
        "seconds": pytest.approx(100, abs=60),
        "model_uri": "",
        "train_seconds": 0,
    }


def test_a_finished_job_has_its_model_and_what_is_billed(check):
    checked = check("Completed", BillableTimeInSeconds=61)
    assert checked["model_uri"] == "s3://lake/models/j/output/model.tar.gz"
    assert checked["train_seconds"] == 61


@pytest.mark.parametrize(("minutes", "status"), [(1, "Stopping"), (6, "Completed")])
def test_a_finished_job_that_does_not_say_what_is_billed_is_asked_again_for_a_while(check, minutes, status):
    ended = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=minutes)
    checked = check("Completed", TrainingEndTime=ended)
    assert (checked["status"], checked["train_seconds"]) == (status, 0)


def test_an_old_job_is_not_thrown_away_for_its_bill(check):
    ended = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
    assert check("Completed", seconds=5000, TrainingEndTime=ended)["status"] == "Completed"


def test_a_failed_job_gives_sagemakers_reason(check):
    assert check("Failed", FailureReason="AlgorithmError: boom")["reason"] == "AlgorithmError: boom"


def test_a_job_for_which_there_was_no_instance_is_told_from_one_that_failed(check):
    reason = "CapacityError: Unable to provision requested ML compute capacity."
    checked = check("Failed", FailureReason=reason)
    assert (checked["status"], checked["reason"]) == ("NoCapacity", reason)


def test_the_words_of_the_users_code_are_no_lack_of_capacity(check):
    assert check("Failed", FailureReason="AlgorithmError: CapacityError: the queue is full")["status"] == "Failed"


def test_a_job_that_ran_too_long_says_so(check):
    assert "maximum run time of 3600 seconds" in check("Stopped", SecondaryStatus="MaxRuntimeExceeded")["reason"]
