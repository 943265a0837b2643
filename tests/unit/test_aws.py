"""How long a call of a service may take, against the time that the functions have."""

import pytest

from common import aws
from tests.faults.kinds import tries_of_call
from tests.faults.model import CALLS
from tests.support.template import functions

CONTROL = ("sagemaker", "glue", "sns", "stepfunctions")


def asked(service):
    return aws.client(service).meta.config


@pytest.mark.parametrize("service", [*CONTROL, "s3"])
def test_a_silent_service_is_told_of_before_the_functions_time_is_up(stub, service):
    shortest = min(function["Timeout"] for function in functions().values())
    assert asked(service).connect_timeout + asked(service).read_timeout < shortest


def test_all_tries_of_a_silent_control_plane_end_in_time(stub):
    for service in CONTROL:
        own = asked(service)
        tries = own.retries["total_max_attempts"]
        # the pause before a try is 2 ** n seconds at most
        pauses = sum(2**n for n in range(tries - 1))
        assert tries * (own.connect_timeout + own.read_timeout) + pauses <= functions()["NotifyFunction"]["Timeout"]


def test_a_container_may_take_its_sixty_seconds(stub):
    assert 60 < asked("sagemaker-runtime").read_timeout < functions()["ForecastFunction"]["Timeout"]


@pytest.mark.parametrize("state", CALLS)
def test_the_fault_suite_knows_how_often_a_call_is_made(stub, state):
    service, operation = CALLS[state].split()[1].split(":")
    client = asked("sagemaker-runtime" if operation == "InvokeEndpoint" else service)
    assert client.retries["total_max_attempts"] == tries_of_call(state)
