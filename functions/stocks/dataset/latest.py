"""The table `latest`, `latest/<d>.json`: the run that the views show of a dataset, one line for each.

A reader goes from one run to the next when this object changes, and that is when every partition of the next is in the
catalog. Its term only ever grows, so whoever writes it late changes nothing. Its fields are the table's columns.
"""

import dataclasses
from collections.abc import Iterable

from stocks.dataset.documents import Document
from stocks.dataset.plan import Run


@dataclasses.dataclass(frozen=True)
class Latest(Document):
    """`schema` is that of the run's tables: views read those of one schema only."""

    dataset: str
    run_id: str
    term: int
    schema: int


def newest(terms: Iterable[int], crawled: int) -> int:
    """The newest of these terms that a crawl has seen, which is all up to `crawled`; 0 for none."""
    return max((term for term in terms if term <= crawled), default=0)


def successor(shown: Latest | None, dataset: str, run: Run) -> Latest | None:
    """What to show in place of what is shown, None where that is as new."""
    if shown and shown.term >= run.term:
        return None
    return Latest(dataset, run.run_id, run.term, run.schema)
