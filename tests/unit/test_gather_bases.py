"""With which run's table the plan of Gather begins."""

import pytest

import gather
from common import keys, storage
from common.code import Hashes
from stocks.dataset.plan import Plan, Run
from tests.support.gathered import MINUTE, OTHER, RUN, drawn_by, rows
from tests.support.plans import EXECUTION, NOON, OURS, draw, published, put_verdict


@pytest.fixture
def drawn(s3, context, monkeypatch):
    """The plan of a run that a person wants, ten minutes after noon."""
    monkeypatch.setattr(gather.code, "hashes", lambda: Hashes("fold", "code"))
    s3.now = NOON + 10 * MINUTE

    def plan() -> Plan:
        gather.handler({"run": RUN, "execution_arn": OURS, "force": True}, context)
        return drawn_by()

    return plan


def kept(run: Run) -> Run:
    """The run with what Publish leaves for the next fold."""
    storage.put("lake", keys.lake("facts", {"dataset": "us", "run_id": run.run_id}, "00000.json"), "[]")
    return run


def test_the_newest_run_is_the_base(drawn):
    first = put_verdict(rows())
    run = kept(published(draw(first, execution=OTHER)))
    second = put_verdict(rows(), "b.csv", 60)
    found = drawn()
    assert (found.base, found.base_uploads, found.new_files) == (run.run_id, 1, (second.upload.id,))


def test_a_run_whose_table_is_gone_is_no_base_and_still_the_newest(drawn):
    first, second = put_verdict(rows()), put_verdict(rows(), "b.csv", 60)
    older = kept(published(draw(first, execution=f"{EXECUTION}older")))
    published(draw(first, second, execution=OTHER), term=2)
    found = drawn()
    assert (found.base, found.base_uploads, found.newest) == (older.run_id, 1, 2)
