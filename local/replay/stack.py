"""The stack that has the run: the variables of its functions, and clients of its services."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from common import aws

FUNCTION = "SummarizeFunction"  # any would do: all have the same variables


class Stack(NamedTuple):
    """variables are what template.yaml gives every function; client makes a client of a service by its name."""

    variables: Mapping[str, str]
    client: Callable[[str], Any]


def named(name: str) -> Stack:
    """The stack of this name, by the environment's credentials. Raises ClientError where there is none."""
    resource = aws.client("cloudformation").describe_stack_resource(StackName=name, LogicalResourceId=FUNCTION)
    function = resource["StackResourceDetail"]["PhysicalResourceId"]
    config = aws.client("lambda").get_function_configuration(FunctionName=function)
    return Stack(config["Environment"]["Variables"], aws.client)


@contextlib.contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """These are the process's variables, and no others."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def clients(of: Mapping[str, Any]) -> Iterator[None]:
    """The steps get these clients; a service that is not among them is out of reach."""
    before: Any = aws.client
    aws.client = of.__getitem__  # type: ignore[assignment]  # a function that keeps what it made, and this one need not
    try:
        yield
    finally:
        aws.client = before
