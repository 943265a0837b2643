"""The corpus of dropped files through the whole machine: each ends as documented and publishes nothing.

The corpus' good files hold a few rows, so they are read in full and end as too short to be forecast.
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from common import keys
from tests.corpus.case import ACCEPTED, IGNORED, Case
from tests.corpus.cases import CASES
from tests.faults.runner import TABLES, chosen

AT_ONCE = 5
QUICK = 16  # every such one of the corpus runs in `make test`, too


@pytest.fixture(scope="module")
def ended(runner, request):
    """For each chosen case the future of its execution's description, once all that follows its end is over."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(end, runner, case) for name, case in chosen(request.session, "case").items()}


def end(runner, case: Case) -> dict:
    described = runner.forecasts.ended(runner.drop(case.key, case.content))
    if described["status"] != "SUCCEEDED":
        runner.cleaned_up(described["executionArn"])
    return described


EACH = [
    pytest.param(case, id=case.name, marks=[] if number % QUICK == 0 else [pytest.mark.thorough])
    for number, case in enumerate(CASES)
]


@pytest.mark.parametrize("case", EACH)
def test_the_file_ends_as_the_corpus_says(runner, ended, case: Case):
    described = ended[case.name].result()
    if case.outcome == IGNORED:
        assert described["status"] == "SUCCEEDED"
        output = json.loads(described["output"])
        assert (output["status"], output["reason"]) == ("ignored", case.says)
        return
    assert (described["status"], described["error"]) == ("FAILED", "RejectedFile")
    cause = described["cause"]
    assert " ".join(case.key.split()) in cause
    assert "stackTrace" not in cause
    assert "Traceback" not in cause
    assert cause in (runner.cloud.state / "logs" / "notifications.log").read_text()
    if case.outcome == ACCEPTED:
        assert re.search(r"upload more history: s3://|these are \w+ bars", cause)
    else:
        assert case.says in cause


def test_no_file_of_the_corpus_publishes_anything(runner, ended):
    datasets = {keys.dataset(case.key) for case in CASES} - {""}
    assert all(future.result() for future in ended.values())
    for dataset in datasets:
        assert [key for table in TABLES for key in runner.cloud.keys("LakeBucket", f"{table}/dataset={dataset}/")] == []
