"""Which of AWS's errors pass: the machine tries again what is Transient, and ends a run with every other."""

import re

import botocore.session
import pytest
from botocore.exceptions import ClientError

from common import telemetry
from common.errors import Transient
from tools import ROOT

SERVICES = ("cloudformation", "glue", "lambda", "logs", "s3", "sagemaker", "service-quotas", "sns", "stepfunctions")
PASSES = re.compile(r"Abort|Throttl|Unavailable|Internal(Error|Failure|Server|Service)|TooManyRequests|Timeout")
# No function has a network of ours or a volume of EFS, and none is started from a snapshot.
OTHERS = re.compile(r"EC2|EFS|S3Files|SnapStart|Callback")
WORDS = {word for path in (ROOT / "functions").rglob("*.py") for word in re.findall(r"\w+", path.read_text())}


def declared():
    """(operation, code) of the errors that pass, by botocore's models of what the functions call."""
    for service in SERVICES:
        model = botocore.session.get_session().get_service_model(service)
        for operation in model.operation_names:
            if botocore.xform_name(operation) not in WORDS:
                continue
            for shape in model.operation_model(operation).error_shapes:
                code = shape.metadata.get("error", {}).get("code", shape.name)
                if PASSES.search(code) and not OTHERS.search(code):
                    yield operation, code


DECLARED = frozenset(declared())


@pytest.fixture
def fail(context):
    """What becomes of an error of AWS in a step."""

    def step_of(code):
        @telemetry.step
        def handler(event, context):
            raise ClientError({"Error": {"Code": code, "Message": "not now"}}, "Anything")

        return lambda: handler({}, context)

    return step_of


@pytest.mark.parametrize("code", sorted({code for _, code in DECLARED}))
def test_what_aws_says_to_try_again_is_tried_again(fail, code):
    with pytest.raises(Transient, match="not now"):
        fail(code)()


@pytest.mark.parametrize("code", ["AccessDenied", "ValidationException", "NoSuchKey", "ResourceNotFoundException"])
def test_what_will_be_refused_again_ends_the_run(fail, code):
    with pytest.raises(ClientError):
        fail(code)()


def test_the_models_are_read():
    assert {("PutRetentionPolicy", "OperationAbortedException"), ("Publish", "KMSThrottling")} <= DECLARED
