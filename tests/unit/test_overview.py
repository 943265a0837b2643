"""The lines of the report's first table."""

import json
import urllib.parse

import pytest

from stocks import track
from stocks.reporting import glance, overview, page
from tests.unit.test_glance import one


def line(row=None, **standing):
    scores = track.empty()
    if standing:
        known = {"forecasts": 8, "inside": 6, "place": 0.5, "beyond": False} | standing
        scores[1].standings = {"A": track.Standing(**known)}
    (made,) = overview.lines([row or one()], scores)
    return made


def test_a_line_says_price_moves_and_ranges():
    made = line()
    assert made.price == ("5.00", "4 Oct 2024")
    assert made.ahead[2] == ("± 10.0 %", "\u221210.0 to +10.0 %")
    assert made.held == ("80.0 %", "")
    assert (made.place, made.spot, made.outside) == (("\u2013", ""), None, False)


def test_a_ticker_whose_prices_are_older_than_others_says_by_how_much():
    old, new = overview.lines([one("A", day=19_997), one("B")], track.empty())
    assert old.price[1] == "1 Oct 2024, 3 days behind"
    assert (old.late, new.late) == (True, False)


def test_a_ticker_without_a_forecast_or_test_days_has_dashes():
    made = line(one(move=0, held=[0, 0]))
    assert made.ahead == [("\u2013", "")] * 3
    assert made.held == ("\u2013", "")


@pytest.mark.parametrize(
    ("place", "beyond", "words", "spot", "outside"),
    [
        (0.5, False, "inside", 7.5, False),
        (-1.0, False, "inside", -15.0, False),
        (1.2, False, "above 80 %", 18.0, True),
        (-1.7, True, "below 95 %", -25.5, True),
        (99.0, True, "above 95 %", 30.0, True),
    ],
)
def test_where_the_last_price_stood_is_a_dot_and_a_word(place, beyond, words, spot, outside):
    made = line(place=place, beyond=beyond)
    assert (made.place, made.spot, made.outside) == ((words, ""), spot, outside)
    assert made.held[1] == "live 6 of 8"


def test_a_range_from_longer_ago_says_so():
    scores = track.empty()
    scores[5].standings = {"A": track.Standing(1, 1, 0.0, beyond=False)}
    (made,) = overview.lines([one()], scores)
    assert made.place == ("inside", "said 5 days before")
    assert made.held[1] == ""


@pytest.mark.parametrize("name", ["BRK.B", "0700.HK", "<script>", "a b/c?d#e%20", "\u682a", "C:~:text=x"])
def test_the_link_of_a_ticker_is_its_name_and_nothing_else(name):
    anchor = line(one(name)).anchor
    assert urllib.parse.unquote(anchor) == name
    assert not set(anchor) & set("<>\"' #/?:&")


def test_the_numbers_fit_their_columns():
    scores = track.empty()
    scores[1].standings = {"A": track.Standing(8, 6, -1.23456, beyond=False)}
    rows = overview.numbers([one(), one("ENDED", 0, held=[0, 0])], scores)
    assert {len(row) for row in rows} == {len(overview.COLUMNS)}
    first, ended = (dict(zip(overview.COLUMNS, row, strict=True)) for row in rows)
    assert (first["ticker"], first["last_day"], first["last_price"]) == ("A", 20_000, 5.0)
    assert (first["expected_move_20d_pct"], first["low80_20d_pct"]) == (10.0, -10.0)
    assert first["place_in_published_range"] == -1.235
    assert (first["held80_backtest"], first["backtest_days"]) == (0.8, 10)
    assert (first["held80_live"], first["live_days"]) == (0.75, 8)
    assert ended["expected_move_1d_pct"] is ended["held80_backtest"] is ended["place_in_published_range"] is None
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


@pytest.mark.parametrize(
    "name",
    ["A", "\u682a" * 60, "\U0001f4c8" * 60, "<&\"'" * 15, "A" * 60, " %" * 30],
    ids=["short", "chinese", "emoji", "markup", "long", "blanks"],
)
def test_a_row_takes_no_more_room_than_is_reckoned_with(name):
    """The page's bytes that a row adds, in its table and in what the script reads."""
    longest = {"line": [0, 24] * 30, "fan": [[11, 13]] * 3, "price": 123456.7891, "held": [12_345, 23_456]}
    longest |= {"ahead": [[0.1234, -0.1234, 12.34]] * 3, "day": 19_000}
    scores = track.empty()
    scores[1].standings = {name: track.Standing(12_345, 10_000, None, beyond=False)}
    scores[20].standings = {name: track.Standing(1, 1, -1.23456, beyond=True)}
    rows = [one(name, **longest), one("B", day=20_000)]

    def size(shown):
        template = page._environment().get_template("overview.html").module
        table = template.overview(overview.lines(shown, scores), ["1 day"] * 3)
        data = page._environment().from_string("{{ data | tojson }}").render(data=overview.numbers(shown, scores))
        return len(f"{table}{data}".encode())

    reckoned = glance.most_bytes(rows[0])
    assert reckoned / 3 < size(rows) - size(rows[1:]) <= reckoned
