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
        "endpoint_name": "e", "status": status, "reason": "", "seconds": pytest.approx(200, abs=60), "digest": ""
    }  # fmt: skip


def test_a_failed_endpoint_gives_sagemakers_reason(check):
    checked = check("Failed", FailureReason="The container did not pass the ping health check")
    assert checked["reason"] == "The container did not pass the ping health check"


def test_an_endpoint_for_which_there_was_no_instance_is_told_from_one_that_failed(check):
    reason = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
    checked = check("Failed", FailureReason=reason)
    assert (checked["status"], checked["reason"]) == ("NoCapacity", reason)


DIGEST = "sha256:" + "0f" * 32
REPOSITORY = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference"


@pytest.mark.parametrize(
    ("images", "digest"),
    [
        ([{"SpecifiedImage": f"{REPOSITORY}:2.20-cpu-py312", "ResolvedImage": f"{REPOSITORY}@{DIGEST}"}], DIGEST),
        ([{"SpecifiedImage": f"{REPOSITORY}@{DIGEST}", "ResolvedImage": f"{REPOSITORY}@{DIGEST}"}], DIGEST),
        ([{"SpecifiedImage": f"{REPOSITORY}:2.20-cpu-py312"}], ""),
        ([], ""),
    ],
)
def test_the_digest_is_that_of_the_container_that_sagemaker_fetched(check, images, digest):
    variants = [{"VariantName": "all", "DeployedImages": images}]
    assert check("InService", ProductionVariants=variants)["digest"] == digest
