"""Which run the views show."""

import datetime

import pytest

from stocks.dataset.latest import Latest, newest, successor
from stocks.dataset.plan import Run

NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("terms", "crawled", "expected"), [([], 9, 0), ([1, 5, 3], 9, 5), ([1, 5, 3], 4, 3), ([5, 6], 4, 0), ([5], 5, 5)]
)
def test_the_newest_run_that_a_crawl_has_seen(terms, crawled, expected):
    assert newest(terms, crawled) == expected


def test_only_a_newer_run_takes_the_place_of_what_is_shown():
    run = Run("us-b", 5, NOON, schema=3)
    expected = Latest("us", "us-b", 5, 3)
    assert successor(None, "us", run) == expected
    assert successor(Latest("us", "us-a", 4, 2), "us", run) == expected
    assert successor(expected, "us", run) is None
    assert successor(Latest("us", "us-c", 6, 2), "us", run) is None


def test_a_run_that_does_not_say_its_schema_has_the_second():
    old = Run.from_json(Run("us-a", 1, NOON).to_json().replace('"schema": 2, ', ""))
    assert "schema" in Run("us-a", 1, NOON).to_json()
    assert successor(None, "us", old) == Latest("us", "us-a", 1, 2)
