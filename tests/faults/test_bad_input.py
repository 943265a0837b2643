"""The corpus of dropped files through the whole machine: each ends as documented and publishes nothing.

The corpus' good files hold a few rows, so they are read in full, stored and found too short to be forecast. Each case
has a dataset of its own, so none adds to another's table.
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.keys import untold
from common.rejections import MISPLACED
from stocks.dataset.uploads import place
from stocks.reading.rejected import visible
from tests.corpus.case import ACCEPTED, IGNORED, PLACE, Case
from tests.corpus.cases import CASES
from tests.faults.runner import TABLES, chosen

AT_ONCE = 5
QUICK = 16  # every such one of the corpus runs in `make test`, too


@pytest.fixture(scope="module")
def ended(runner, request):
    """For each chosen case the future of its execution's description, once all that follows its end is over."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(end, runner, case) for name, case in chosen(request.session, "case").items()}


def key_of(case: Case) -> str:
    """The case's key, in a dataset of its own where it has a dataset."""
    number = [one.name for one in CASES].index(case.name)
    return case.key.replace(PLACE, f"incoming/corpus-{number}/") if case.key.startswith(PLACE) else case.key


def end(runner, case: Case) -> dict:
    described = runner.forecasts.ended(runner.drop(key_of(case), case.content))
    if described["status"] != "SUCCEEDED":
        runner.cleaned_up(described["executionArn"])
    return described


EACH = [
    pytest.param(case, id=case.name, marks=[] if number % QUICK == 0 else [pytest.mark.thorough])
    for number, case in enumerate(CASES)
]


@pytest.mark.parametrize("case", EACH)
def test_the_file_ends_as_the_corpus_says(runner, ended, case: Case):
    described, messages = ended[case.name].result(), (runner.cloud.state / "logs" / "notifications.log").read_text()
    if described["status"] == "SUCCEEDED":
        output = json.loads(described["output"])
        if case.outcome == IGNORED:
            assert (output["status"], output["reason"]) == ("ignored", case.says)
            return
        assert (case.outcome, output["status"]) == (ACCEPTED, "too_short")
        assert re.search(r"upload more history|no day to test", output["reason"])
        assert f"No new forecasts: {place(key_of(case)).dataset}\n" in messages
        return
    assert (described["status"], described["error"]) == ("FAILED", "RejectedFile")
    cause = described["cause"]
    assert visible(key_of(case)) in cause
    assert "stackTrace" not in cause
    assert "Traceback" not in cause
    assert cause in messages or (place(key_of(case)).kind == "misplaced" and waits(runner, cause))
    assert (r"these are" if case.outcome == ACCEPTED else case.says) in cause


def waits(runner, cause: str) -> bool:
    """Whether a note tells of it: of files in a wrong place, wherever they are, one an hour is told at once."""
    noted = runner.cloud.keys("LakeBucket", untold(MISPLACED))
    notes = [json.loads(runner.cloud.stored("LakeBucket", key)) for key in noted]
    return any(note["reason"] in cause for note in notes)


def test_no_file_of_the_corpus_publishes_anything(runner, ended):
    datasets = {place(key_of(case)).dataset for case in CASES} - {""}
    assert all(future.result() for future in ended.values())
    for dataset in datasets:
        assert [key for table in TABLES for key in runner.cloud.keys("LakeBucket", f"{table}/dataset={dataset}/")] == []
