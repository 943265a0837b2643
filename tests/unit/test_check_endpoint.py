import datetime

import pytest

import check_endpoint


def check(stub, context, **endpoint):
    now = datetime.datetime.now(datetime.UTC)
    answer = {
        "EndpointName": "e",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e",
        "CreationTime": now - datetime.timedelta(seconds=200),
        "LastModifiedTime": now,
    }
    stub("sagemaker").add_response("describe_endpoint", answer | endpoint, {"EndpointName": "e"})
    return check_endpoint.handler({"run": {"run_id": "r", "dataset": "d"}, "endpoint_name": "e"}, context)


@pytest.mark.parametrize(
    "status",
    [
        "Creating", "Updating", "SystemUpdating", "RollingBack", "InService", "OutOfService", "Deleting", "Failed",
        "UpdateRollbackFailed",
    ],
)  # fmt: skip
def test_the_status_is_sagemakers_own_word(stub, context, status):
    result = check(stub, context, EndpointStatus=status)
    assert result == {"endpoint_name": "e", "status": status, "reason": "", "seconds": pytest.approx(200, abs=60)}


def test_a_failed_endpoint_gives_sagemakers_reason(stub, context):
    result = check(
        stub, context, EndpointStatus="Failed", FailureReason="The container did not pass the ping health check"
    )
    assert result["reason"] == "The container did not pass the ping health check"
