"""How a state, and with it an execution, ends early."""

from local import ministack

Error = ministack.ExecutionError  # error and cause, as Retry and Catch match them


class Interrupted(Exception):
    """The execution was stopped or ran out of time, or a sibling branch failed."""
