import pytest

import check_transform


@pytest.fixture
def check(sagemaker, context):
    def call(status, **job):
        sagemaker.add("TransformJob", "j", status, seconds=200, **job)
        return check_transform.handler({"run": {"run_id": "r", "dataset": "d", "shards": 1}, "job_name": "j"}, context)

    return call


@pytest.mark.parametrize("status", ["InProgress", "Completed", "Failed", "Stopping", "Stopped"])
def test_the_status_is_sagemakers_own_word(check, status):
    assert check(status) == {"job_name": "j", "status": status, "reason": "", "seconds": pytest.approx(200, abs=60)}


def test_a_failed_job_gives_sagemakers_reason(check):
    reason = "ClientError: See job logs for more information"
    checked = check("Failed", FailureReason=reason)
    assert (checked["status"], checked["reason"]) == ("Failed", reason)


def test_a_job_for_which_there_was_no_instance_is_told_from_one_that_failed(check):
    reason = "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different type."
    checked = check("Failed", FailureReason=reason)
    assert (checked["status"], checked["reason"]) == ("NoCapacity", reason)
