import pytest

import check_endpoint


@pytest.fixture
def check(sagemaker, context):
    def call(status, **endpoint):
        sagemaker.add("Endpoint", "e", status, seconds=200, **endpoint)
        return check_endpoint.handler({"run": {"run_id": "r", "dataset": "d"}, "endpoint_name": "e"}, context)

    return call


@pytest.mark.parametrize(
    "status",
    [
        "Creating", "Updating", "SystemUpdating", "RollingBack", "InService", "OutOfService", "Deleting", "Failed",
        "UpdateRollbackFailed",
    ],
)  # fmt: skip
def test_the_status_is_sagemakers_own_word(check, status):
    assert check(status) == {
        "endpoint_name": "e", "status": status, "reason": "", "seconds": pytest.approx(200, abs=60)
    }  # fmt: skip


def test_a_failed_endpoint_gives_sagemakers_reason(check):
    checked = check("Failed", FailureReason="The container did not pass the ping health check")
    assert checked["reason"] == "The container did not pass the ping health check"
