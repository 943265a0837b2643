"""What the template gives a step's function, and how long its CPU then takes on Lambda.

Lambda gives a function processors by its memory: one at 1,769 MB, and a share of one below. The steps use one thread
nearly everywhere, so more than one processor makes none of them faster.
"""

import functools
from typing import NamedTuple

from tools.template import template

PROCESSOR = 1769  # MB, by docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
DISK = 512  # MB where the template says nothing


class Function(NamedTuple):
    """Memory and disk in MB, and seconds until Lambda ends a call."""

    megabytes: int
    timeout: int
    disk: int

    def seconds(self, cpu: float) -> float:
        """How long so many CPU seconds of one thread take."""
        return cpu / min(1.0, self.megabytes / PROCESSOR)


@functools.cache
def of(step: str) -> Function:
    """The function of a step or of the Task that is named after it: "check_data" or "Check data"."""
    name = f"{''.join(word.title() for word in step.replace('_', ' ').split())}Function"
    own = template()["Globals"]["Function"] | template()["Resources"][name]["Properties"]
    return Function(own["MemorySize"], own["Timeout"], own.get("EphemeralStorage", {"Size": DISK})["Size"])
