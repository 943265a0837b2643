"""The pictures of docs/forecasting.md: small, whole, and true to what they say."""

import math
import re
import xml.etree.ElementTree as ET

import pytest

from tests.support.template import ROOT
from tools.generate import pictures, svg

NAMES = list(pictures.PICTURES)
WIDEST = 7.6  # pixels of a letter, at 13 pixels


@pytest.fixture(params=NAMES)
def drawn(request):
    return ET.fromstring(pictures.PICTURES[request.param]())  # noqa: S314


def texts(element) -> list[str]:
    return [text.text for text in element.iter("{http://www.w3.org/2000/svg}text")]


def test_each_is_shown_by_the_page_with_words_for_those_who_do_not_see_it():
    shown = re.findall(
        r"^!\[([^\]]+)\]\(pictures/(.+?)\)$", (ROOT / "docs" / "forecasting.md").read_text(), re.MULTILINE
    )
    assert sorted(name for _, name in shown) == sorted(NAMES)
    assert min(len(words) for words, _ in shown) > 30


@pytest.mark.parametrize("name", NAMES)
def test_each_is_small_and_the_same_every_time(name):
    assert len(pictures.PICTURES[name]().encode()) < 8_000
    assert pictures.PICTURES[name]() == pictures.PICTURES[name]()


def test_no_words_leave_the_card(drawn):
    height = float(drawn.get("height"))
    for text in drawn.iter("{http://www.w3.org/2000/svg}text"):
        wide = WIDEST * len(text.text)
        left = float(text.get("x")) - {"start": 0, "middle": wide / 2, "end": wide}[text.get("text-anchor")]
        assert 0 <= left <= left + wide <= svg.WIDTH, text.text
        assert 0 < float(text.get("y")) < height, text.text


def test_a_fifth_of_the_possible_prices_lies_outside_the_80_percent_range():
    shown = texts(ET.fromstring(pictures.price_range()))  # noqa: S314
    assert {"32 of 40 in the 80 % range", "38 of 40 in the 95 % range", "2 of 40 outside"} <= set(shown)


def test_no_other_guess_misses_less_than_the_last_price():
    shown = " ".join(texts(ET.fromstring(pictures.last_price())))  # noqa: S314
    here, bold = (float(number) for number in re.findall(r"miss ([\d.]+) %", shown))
    assert bold == pytest.approx(math.hypot(here, 2), abs=0.06)


def test_the_expected_move_reads_the_days_before_it_only():
    moved = pictures.moves()
    before = pictures.expected(moved, 100)
    assert before == pictures.expected([*moved[:100], *(10.0 for _ in moved[100:])], 100)
    assert before != pictures.expected([*moved[:99], 10.0, *moved[100:]], 100)


def test_todays_list_did_better_than_those_that_were_there_at_first():
    shown = " ".join(texts(ET.fromstring(pictures.survivors())))  # noqa: S314
    listed, everyone = (float(number) for number in re.findall(r"([+-][\d.]+) % a year", shown))
    assert 4 <= listed - everyone <= 6, "as the page says of real lists"
