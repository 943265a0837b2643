"""Waits that last a hundredth of what the machine says, as in the fault suite."""

import json

import pytest

from local import paths

SLOW = """
import time, boto3
def handler(event, context):
    time.sleep(2)
    boto3.client("s3").put_object(Bucket="late", Key="written")
"""


@pytest.fixture(scope="module", autouse=True)
def short_waits():
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SFN_WAIT_SCALE", "0.01")
        yield


def test_a_wait_outlasts_the_call_that_a_stopped_execution_left_behind(laptop, execute, make_function):
    laptop("s3").create_bucket(Bucket="late")
    arn = make_function("slow", SLOW, {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"})
    call = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": arn}}
    paths.FAULTS.write_text(json.dumps({"execution_stops": {"match": '"Call"', "times": 1}}))
    described, _ = execute({"Call": {**call, "End": True}}, "Call", functions=[arn])
    assert (described["status"], written(laptop)) == ("ABORTED", 0)
    execute({"Let calls end": {"Type": "Wait", "Seconds": 40, "End": True}}, "Let calls end")
    assert written(laptop) == 1


def written(laptop) -> int:
    return laptop("s3").list_objects_v2(Bucket="late")["KeyCount"]
