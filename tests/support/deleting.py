"""A clock, and CloudFormation and Step Functions in memory, while a stack is deleted."""

import types
from datetime import UTC, datetime


class Clock:
    """time, of which only sleeping takes any."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Missing(Exception):
    pass


class Cloud:
    """CloudFormation and Step Functions: the stack's status, and executions by the second at which they begin."""

    exceptions = types.SimpleNamespace(StateMachineDoesNotExist=Missing)

    def __init__(self, clock):
        self.clock, self.status, self.begin, self.stopped = clock, "DELETE_IN_PROGRESS", {}, {}
        self.refused, self.machine = {}, True

    def _answer(self, operation):
        if operation in self.refused:
            raise self.refused[operation]

    def describe_stacks(self, StackName):
        assert StackName == "arn:stack"
        self._answer("DescribeStacks")
        return {"Stacks": [{"StackStatus": self.status}]}

    def get_paginator(self, _):
        return types.SimpleNamespace(paginate=self._list)

    def _list(self, stateMachineArn, statusFilter):
        assert (stateMachineArn.rpartition(":")[2], statusFilter) == ("stocks", "RUNNING")
        self._answer("ListExecutions")
        if not self.machine:
            raise Missing
        running = [name for name, begin in self.begin.items() if begin <= self.clock.now and name not in self.stopped]
        for name in running:
            yield {"executions": [{"executionArn": name, "name": name}]}

    def stop_execution(self, executionArn, **why):
        assert why == {"error": "Deleted", "cause": "its stack is being deleted"}
        self._answer("StopExecution")
        self.stopped[executionArn] = self.clock.now
        return {"stopDate": datetime.now(UTC)}
