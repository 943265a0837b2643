"""What the report's first table says of every ticker."""

import re

import numpy as np
import pytest

from stocks import track
from stocks.contract import HORIZONS
from stocks.reporting import glance
from tests.support import results
from tests.support import shards as made
from tests.support.prices import walk


@pytest.fixture
def shard():
    return made.shard({"A": walk(1, 300), "B": walk(2, 320)})


def one(ticker="A", move=0.1, **changed):
    known = {"ticker": ticker, "day": 20_000, "price": 5.0, "held": [8, 10], "line": [0, 24, 12]}
    known |= {"ahead": [[move / 4, -0.1, 0.1], [move / 2, -0.1, 0.1], [move, -0.1, 0.1]]} if move else {"ahead": []}
    return known | {"fan": [[11, 13], [10, 14], [8, 20]] if move else []} | changed


def test_a_row_has_last_price_moves_and_the_range_in_fractions(shard):
    rows = results.glances(shard)
    assert [row["ticker"] for row in rows] == ["A", "B"]
    last = int(shard.offsets[1]) - 1
    assert (rows[0]["day"], rows[0]["price"]) == (shard.days[last], pytest.approx(shard.adjclose[last]))
    assert rows[0]["ahead"] == [
        [0.01, -0.0128, 0.0128], [0.02, -0.0256, 0.0256], [0.04, -0.0512, 0.0512],
    ]  # fmt: skip


def test_the_share_that_held_is_counted_on_the_tickers_own_test_days(shard):
    rows = results.rows(shard)
    for row, at in zip(results.glances(shard), range(2), strict=True):
        own = (rows["ticker"] == at) & (rows["horizon"] == 1) & ~rows["future"]
        inside = sum(
            low <= real <= high
            for low, real, high in zip(*(rows[name][own] for name in ("p10", "actual", "p90")), strict=True)
        )
        assert row["held"] == [inside, own.sum()]
        assert 0 < inside < own.sum()


def test_an_ended_ticker_has_a_row_without_a_forecast(shard):
    rows = results.rows(shard)
    kept = ~(rows["future"] & (rows["ticker"] == 0))
    (ended, other) = glance.of_shard({name: column[kept] for name, column in rows.items()}, shard)
    assert (ended["ahead"], ended["fan"]) == ([], [])
    assert ended["line"]
    assert len(other["ahead"]) == len(HORIZONS)


def test_the_small_chart_spans_its_height_with_the_range_in_it(shard):
    (row, _) = results.glances(shard)
    every = [*row["line"], *(value for pair in row["fan"] for value in pair)]
    assert (min(every), max(every)) == (0, glance.HEIGHT)
    assert len(row["line"]) == glance.DAYS
    low, high = zip(*row["fan"], strict=True)
    assert list(high) == sorted(high)
    assert list(low) == sorted(low, reverse=True)


def test_a_price_that_never_moves_is_a_line_in_the_middle():
    still = made.shard({"A": np.full(300, 7.0)})
    rows = results.rows(still) | {name: results.rows(still)["naive"] for name in ("p10", "p90")}
    (row,) = glance.of_shard(rows, still)
    assert set(row["line"]) == {glance.HEIGHT // 2}


def test_the_paths_are_drawn_from_the_top_and_end_on_the_last_day():
    assert glance.line_path(one()) == "M58 24l1 -24 1 12"
    assert glance.line_path(one(line=[5])) == "M60 19"
    assert glance.fan_path(one()) == "M60 12L61 11 65 10 80 4 80 16 65 14 61 13Z"
    assert glance.fan_path(one(move=0)) == ""


def test_a_path_of_sixty_days_stays_in_its_box(shard):
    for row in results.glances(shard):
        x, y = (int(number) for number in re.match(r"M(\d+) (\d+)l", glance.line_path(row)).groups())
        steps = [int(number) for number in glance.line_path(row).partition("l")[2].split()]
        assert x + sum(steps[::2]) == 60
        heights = y + np.cumsum(steps[1::2])
        assert heights.min() >= 0
        assert heights.max() <= glance.HEIGHT
        assert heights[-1] == glance.HEIGHT - row["line"][-1]


def test_the_widest_come_first_and_those_without_a_forecast_last():
    every = [one("C", 0.1), one("ENDED", 0), one("A", 0.3), one("B", 0.3)]
    kept, left = glance.Glances(every).widest_first()
    assert [row["ticker"] for row in kept] == ["A", "B", "C", "ENDED"]
    assert left == 0


def test_names_that_take_much_room_leave_others_out(monkeypatch):
    monkeypatch.setattr(glance, "MOST_BYTES", 3 * glance.most_bytes(one()))
    every = [one(name, 0.1) for name in "ABCDE"]
    assert [row["ticker"] for row in glance.Glances(every).widest_first()[0]] == ["A", "B", "C"]
    long = [one("\u682a" * 20, 0.2), *every]
    kept, left = glance.Glances(long).widest_first()
    assert (len(kept), left) == (1, 5)


def test_the_typical_move_is_the_median_over_tickers_that_are_forecast():
    every = [one("A", 0.1), one("B", 0.3), one("C", 0.2), one("D", 0)]
    assert glance.Glances(every).typical_moves() == [
        pytest.approx(0.05), pytest.approx(0.1), pytest.approx(0.2),
    ]  # fmt: skip
    assert glance.Glances([one("D", 0)]).typical_moves() == [None] * 3


def test_who_is_narrower_than_one_without_room_has_none_either_however_late_it_comes(monkeypatch):
    monkeypatch.setattr(glance, "MOST_BYTES", 3 * glance.most_bytes(one()))
    monkeypatch.setattr(glance, "MOST_HELD", 3)
    glances = glance.Glances([one("A", 0.5), one("B", 0.4), one("L" * 60, 0.3), one("C", 0.2)])
    glances.add([one("D", 0.1)])
    kept, left = glances.widest_first()
    assert ([row["ticker"] for row in kept], left) == (["A", "B"], 3)


@pytest.mark.parametrize("room", [1, 700, 8_000, 16_000])
@pytest.mark.parametrize("seed", range(3))
def test_shards_one_by_one_say_what_all_say_at_once(monkeypatch, seed, room):
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(glance, "MOST_BYTES", room)
    every = [
        one("x" * int(rng.integers(1, 60)) + str(at), float(rng.integers(0, 30)), day=int(rng.integers(9)))
        for at in range(60)
    ]
    whole, parts, none = glance.Glances(every), glance.Glances(), glance.Glances()
    monkeypatch.setattr(glance, "MOST_HELD", 25)
    for begin in range(0, 60, 4):
        parts.add(every[begin : begin + 4])
        assert len(parts._held) <= 25 + 4
    parts.add([])
    assert parts.widest_first() == whole.widest_first()
    assert parts.typical_moves() == whole.typical_moves()
    assert (parts.newest, none.newest) == (max(row["day"] for row in every), None)


def test_the_last_price_is_judged_by_the_shortest_horizon_that_said_something_of_it():
    scores = track.empty()
    scores[1].standings = {"A": track.Standing(20, 16, None, beyond=False)}
    scores[5].standings = {"A": track.Standing(9, 8, -1.5, beyond=False)}
    scores[20].standings = {"A": track.Standing(3, 3, 0.2, beyond=False), "B": track.Standing(1, 0, 9.0, beyond=True)}
    assert glance.live(scores, "A") == ((16, 20), 5, -1.5, False)
    assert glance.live(scores, "B") == ((0, 0), 20, 9.0, True)
    assert glance.live(scores, "C") == ((0, 0), 0, None, False)
