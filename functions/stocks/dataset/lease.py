"""The lease of a dataset, `leads/<d>.json`: who leads, since when, and what is settled. Rules 6, 11 and 12.

It is written on conditions only (If-None-Match where none stands, else If-Match), so each function gives the document
to write in place of the one that was read. A dataset without the object has `Lease()`. Every instant is S3's own
clock, the Date of the answer that was read with it.

- planned: the `seen` of what the newest holder set out to settle; it is known from the taking on, so that an attempt
  that dies before its plan counts for it, too.
- settled: the `seen` of the newest green end. A taking empties it, so Resume finds every death, also one that was to
  do over again what was settled (`force`), or whose crawl failed.
- crawled: the newest term that a crawl has seen.
- failures: bad ends since the newest green end; error and failed: name and instant of the last.
- unpublished: the newest term that has gone to work and may still write its row, 0 if none. While it is above the
  newest run's term, a dead run's Summarize may be about to write that row, and only a run of a higher term can keep
  it from being the newest.
- tried, tries, tried_at: the `seen` for which Resume has started executions, how many (4: it has sent its message), and
  when the last.
"""

import dataclasses
import datetime
from typing import Literal, NamedTuple

from stocks.dataset.documents import Document

YOUNG = datetime.timedelta(minutes=10)  # in which DescribeExecution is not asked: it may not know the holder yet


@dataclasses.dataclass(frozen=True)
class Lease(Document):
    term: int = 0
    holder: str = ""  # an execution's ARN; empty: free
    taken: datetime.datetime | None = None
    planned: str = ""
    settled: str = ""
    crawled: int = 0
    failures: int = 0
    error: str = ""
    failed: datetime.datetime | None = None
    unpublished: int = 0
    tried: str = ""
    tries: int = 0
    tried_at: datetime.datetime | None = None


class Asked(NamedTuple):
    """What DescribeExecution said of a holder: its status, empty where it knows no such execution, and its error."""

    holder: str
    status: str
    error: str = ""


def standing(
    lease: Lease, now: datetime.datetime, asked: Asked | None = None
) -> Literal["free", "held", "dead", "ask"]:
    """Whether the lease may be taken (free, dead), or its holder has to be asked for first.

    A young lease is never questioned: DescribeExecution is eventually consistent.
    """
    if not lease.holder:
        return "free"
    if lease.taken is None or now - lease.taken < YOUNG:
        return "held"
    if asked is None or asked.holder != lease.holder:
        return "ask"
    return "held" if asked.status == "RUNNING" else "dead"


def take(lease: Lease, execution: str, now: datetime.datetime, seen: str) -> Lease:
    """The lease in this execution's hands, one term later; a holder that is still named has died."""
    return dataclasses.replace(
        lease,
        term=lease.term + 1,
        holder=execution,
        taken=now,
        planned=seen,
        settled="",
        failures=lease.failures + bool(lease.holder),
    )


def clean_up(lease: Lease, execution: str, error: str, now: datetime.datetime) -> Lease | None:
    """The lease without this execution, which has ended badly; None where it does not hold it.

    `planned` stays: what came since the plan is new, so Resume starts it even after a person's abort.
    """
    if not execution or lease.holder != execution:
        return None
    return dataclasses.replace(lease, holder="", failures=lease.failures + 1, error=error, failed=now)


def error_of(asked: Asked) -> str:
    """The error by which an end counts that left its lease: the execution's own, else a word for its status."""
    if asked.status == "FAILED" and asked.error:
        return asked.error
    return {"ABORTED": "Aborted", "TIMED_OUT": "TimedOut", "SUCCEEDED": "Unreleased"}.get(asked.status, "Unknown")
