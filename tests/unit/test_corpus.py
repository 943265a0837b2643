"""Every named input has the outcome that the corpus promises, through Split's own reading of keys and streams."""

import re

import numpy as np
import pytest

from stocks.contract import COLUMNS
from stocks.dataset import uploads
from stocks.reading.intake import PILES, Intake
from stocks.reading.rejected import LONGEST_REASON, Unusable
from stocks.reading.source import Rules, refused_by_name
from stocks.series import day_of, iso
from tests.corpus.case import ACCEPTED, IGNORED, REJECTED_FILE, REJECTED_ROWS, Case
from tests.corpus.cases import CASES
from tests.support import reading

UNTIL = day_of("2101-01-01")


def outcome(case: Case, folder) -> tuple[str, str, Intake | None]:
    """What Split makes of a case: outcome, message, and what it read."""
    place = uploads.place(case.key)
    if place.kind == "marker":
        return IGNORED, "a folder marker", None
    if reason := place.reason or refused_by_name(place.name):
        return REJECTED_FILE, reason, None
    assert place.kind == "file"
    intake = Intake(folder, Rules(UNTIL))
    try:
        intake.read(reading.source(case.content, place.name))
    except Unusable as error:
        return REJECTED_FILE, str(error), None
    listed = "; ".join(f"line {row.line}: {row.reason}" for row in intake.kept)
    return REJECTED_ROWS if intake.bad else ACCEPTED, listed, intake


def in_file_order(intake: Intake) -> np.ndarray:
    rows = np.concatenate([intake.stored(pile) for pile in range(PILES)])
    return rows[np.lexsort((rows["ticker"], rows["line"]))]


def test_there_are_at_least_80_inputs_of_every_outcome_with_names_of_their_own():
    assert len(CASES) >= 80
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.outcome for case in CASES} == {ACCEPTED, REJECTED_FILE, REJECTED_ROWS, IGNORED}
    assert all(case.says or case.outcome == ACCEPTED for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: re.sub(r"\W+", "-", case.name))
def test_an_input_ends_as_the_corpus_says(case, tmp_path):
    found, message, intake = outcome(case, tmp_path)
    assert (found, message) == (case.outcome, message)
    assert case.says in message
    assert "Traceback" not in message
    if found == REJECTED_FILE:
        assert len(message) <= LONGEST_REASON
    if intake:
        arrays = in_file_order(intake)
        if case.rows:
            assert len(arrays["day"]) == case.rows
            assert intake.rows == case.rows + intake.bad + intake.empty
        if case.first:
            ticker = list(intake.tickers)[arrays["ticker"][0]]
            assert (ticker, iso(arrays["day"][0]), arrays["adjclose"][0]) == case.first


def test_every_reason_for_a_row_names_a_column_or_says_what_is_wrong_with_the_line():
    of_line = re.compile(r"\d+ columns instead of|a quote is not closed|text stands behind|a value is longer than")
    for case in CASES:
        if case.outcome == REJECTED_ROWS:
            reason = case.says.partition(": ")[2]
            column = reason.split(" '")[0].split(' "')[0].removesuffix(" is empty").lower().replace(" ", "")
            assert of_line.match(reason) or column in {"ticker", "date", *COLUMNS}, reason
