"""The sentences of the report and of messages: true whatever the figures are."""

import datetime

import numpy as np
import pytest

from stocks import track, traffic_light
from stocks.reporting import wording
from tests.support import results


@pytest.mark.parametrize(
    ("forecast", "dm_t", "words"),
    [
        (1.0004, 0.0, "error was as large as that of"),
        (0.97, -3.0, "error was 3.0 % smaller than that of saying “tomorrow costs what today costs”."),
        (
            0.97,
            -1.0,
            "error was 3.0 % smaller than that of saying “tomorrow costs what today costs”, which may be chance.",
        ),
        (
            1.05,
            None,
            "error was 5.0 % larger than that of saying “tomorrow costs what today costs”, which may be chance.",
        ),
        (1.05, 4.0, "error was 5.0 % larger than that of saying “tomorrow costs what today costs”."),
        (0.97, 3.0, "“tomorrow costs what today costs”, which may be chance."),  # the mean over tickers alone is better
        (1.05, -4.0, "“tomorrow costs what today costs”, which may be chance."),
        (2.6, 9.0, "error was 2.6 times as large as that of"),
        (None, None, "too few recent days"),
    ],
)
def test_the_headline_is_true_whatever_was_measured(forecast, dm_t, words):
    assert words in wording.headline(results.pooled(forecast, dm_t=dm_t), results.facts())


HELD = "; the 80 % range held 79.8 % of the real prices"


@pytest.mark.parametrize(
    ("figures", "tickers", "expected"),
    [
        ({}, 10, "10 tickers: forecast error 1.000 x naive one day ahead (LSTM 1.004 x, Random Forest 6.9 x)" + HELD),
        ({"forest": None}, 1, "1 ticker: forecast error 1.000 x naive one day ahead (LSTM 1.004 x)" + HELD),
        ({"forecast": 0.993, "dm_t": -1.0, "forest": None, "lstm": None}, 9,
         "9 tickers: forecast error 0.993 x naive one day ahead, which may be chance" + HELD),
        ({"forecast": 0.993, "dm_t": -3.0, "forest": None, "lstm": None}, 9,
         "9 tickers: forecast error 0.993 x naive one day ahead" + HELD),
        ({"forest": None, "lstm": None}, 1, "1 ticker: forecast error 1.000 x naive one day ahead" + HELD),
        ({"forecast": None, "n": 0}, 2, "2 tickers: no test days to measure the forecasts on"),
        ({"forest": 1234.5, "lstm": 0.999}, 1000, "1,000 tickers: forecast error 1.000 x naive one day ahead "
                                                  "(LSTM 0.999 x, Random Forest 1,234 x)" + HELD),
    ],
)  # fmt: skip
def test_the_message_says_it_in_one_line(figures, tickers, expected):
    assert wording.message(results.pooled(**figures), results.facts(tickers=tickers)) == expected


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"lstm": 1.0001}, "The LSTM's own error was as large."),
        ({"lstm": 1.02, "dm_t": 1.2}, "The LSTM's own error was 2.0 % larger, which may be chance."),
        ({"lstm": 0.98, "dm_t": -2.5}, "The LSTM's own error was 2.0 % smaller."),
        ({"forest": 6.9}, "The Random Forest's error was 6.9 times as large."),
        (
            {"constant": 0.98},
            "The middle ticker's ranges had 3.0 % less loss than constant ones, misses and width.",
        ),
        (
            {"constant": 1.0101},
            "The middle ticker's ranges had as much loss as constant ones, misses and width.",
        ),
        ({"constant": 1.22}, "The middle ticker's ranges had 21.0 % more loss than constant ones"),
        ({"constant": 2.51}, "The middle ticker's ranges had 2.5 times as much loss as constant ones"),
        ({}, "The 80 % range held 79.8 % of the real prices."),
    ],
)
def test_the_lead_says_what_the_models_and_the_ranges_are_worth(changed, said):
    assert said in wording.lead(results.pooled(**changed), results.facts())


def test_without_an_lstm_every_headline_says_so_first():
    facts, figures = results.facts(**results.untrained()), results.pooled(lstm=None)
    assert wording.headline(figures, facts) == (
        "No LSTM was trained: the file has too few rows to learn from. "
        "The forecast is the last price, with a range around it."
    )
    assert wording.lead(figures, facts).startswith(
        "No table and no chart has an LSTM's forecast; the ranges need none."
    )
    assert wording.message(figures, facts) == (
        "No LSTM was trained: the file has too few rows to learn from. "
        f"3 tickers: forecast error 1.000 x naive one day ahead (Random Forest 6.9 x){HELD}"
    )


def test_without_an_lstm_and_without_test_days_both_are_said():
    facts, figures = (
        results.facts(**results.untrained()),
        results.pooled(forecast=None, lstm=None, forest=None, constant=None, n=0),
    )
    assert wording.headline(figures, facts).startswith("No LSTM was trained")
    assert "too few recent days" in wording.lead(figures, facts)
    assert wording.message(figures, facts).endswith("no test days to measure the forecasts on")


PRICES = np.full(traffic_light.DAYS, 4)


@pytest.mark.parametrize(
    ("breaches", "said"),
    [
        (12, "green, nothing speaks against the ranges. Of 1,000 prices on 250 days 48 lay beyond the 95 % range of "
             "one day ahead, 4.8 %; 50 are normal, yellow begins at"),
        (21, "yellow, more than ranges that are right have but rarely. Of 1,000 prices on 250 days 84 lay"),
        (50, "red, the ranges are too narrow. Of 1,000 prices on 250 days 200 lay beyond the 95 % range of one day "
             "ahead, 20.0 %; 50 are normal"),
    ],
)  # fmt: skip
def test_the_light_is_said_in_words_with_its_counts(breaches, said):
    verdict = traffic_light.judge(PRICES, PRICES * (np.arange(traffic_light.DAYS) < breaches))
    sentence = wording.light("Backtest", verdict)
    assert sentence.startswith(f"Backtest: {said}")
    assert sentence.endswith(f"yellow begins at {verdict.yellow / 10:.1f} % and red at {verdict.red / 10:.1f} %.")


def test_too_few_days_have_no_light():
    assert wording.light("Live record", traffic_light.judge(PRICES[:40], PRICES[:40])) == (
        "Live record: no light yet, 40 of 250 days."
    )


@pytest.mark.parametrize(("prices", "normal"), [(500, "25"), (30, "1.5"), (3, "0.2"), (100_000, "5,000")])
def test_how_many_breaches_are_normal(prices, normal):
    assert wording.beyond(31, prices) == f"31 of {prices:,} beyond 95 %; {normal} are normal"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (132.1, "132.10"), (1.0834, "1.0834"), (5.25, "5.25"), (45.6789, "45.68"), (75_300, "75,300.00"),
        (123_456.7, "123,457"), (0.0123456, "0.012346"), (0.00001234, "0.00001234"), (1e-7, "1e-7"),
        (1_234_567_890, "1.2346e+9"), (10.125, "10.13"), (9.99999, "10.00"),
    ],
)  # fmt: skip
def test_a_price_has_the_digits_that_count(value, words):
    assert wording.price(value) == words


def test_a_range_is_said_with_its_signs():
    assert wording.span(-0.0194, 0.02) == "\u22121.9 to +2.0 %"
    assert wording.span(-0.0004, 0.0) == "0.0 to 0.0 %"


def test_a_live_record_is_counted_while_it_is_short():
    assert wording.live(0, 0) == ""
    assert wording.live(4, 5) == "live 4 of 5"
    assert wording.live(80, 100) == "live 80.0 % of 100"


def test_old_prices_are_called_old():
    facts = results.facts()  # finished on 23 November 2026
    day = (facts.finished.date() - datetime.date(1970, 1, 1)).days
    assert wording.age(day - 4, facts.finished) == ""
    assert wording.age(day - 5, facts.finished) == "The newest price was 5 days old when this was published."
    assert wording.age(None, facts.finished) == ""


def test_the_summary_says_how_the_ranges_held_on_test_days_and_since():
    facts = results.facts(track=track.empty() | {1: track.Score(forecasts=40, inside_80=31)})
    assert wording.summary(results.pooled(), facts).endswith(
        "In the backtest the 80 % range held 79.8 % of the real prices. "
        "Of 40 prices that came after it was published, it held 77.5 %."
    )
    nothing = results.pooled(None, lstm=None, forest=None, constant=None, coverage=None, n=0)
    assert wording.summary(nothing, results.facts()) == wording.headline(nothing, results.facts())


def test_a_foreseen_change_whose_opposite_came_has_a_minus():
    judgement = results.doubted() | {"slope": -10.49}
    assert "of a foreseen change \u22121049 % came true" in wording.gate_reason(judgement, [])
