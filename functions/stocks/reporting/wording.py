"""Figures and sentences as the report and its messages write them: plain text, never markup."""

import datetime
import decimal
import math
from collections.abc import Sequence

from stocks.contract import FEW_BLOCKS, FEWEST_BLOCKS, UNPROVEN
from stocks.metrics import ByModel, MetricsRow
from stocks.reporting import charts
from stocks.reporting.charts import Chart
from stocks.reporting.facts import Judgement, RunFacts
from stocks.traffic_light import DAYS, SHARE, Verdict

NOTHING = "\u2013"  # an en dash
TIMES = "\u00d7"
MINUS = "\u2212"
LEAST_PLAIN, GREATEST_PLAIN = 1e-6, 1e9  # prices beyond are written with an exponent
CHANCE = {1: 2.0, 5: 2.0, 20: 2.3}  # |Diebold-Mariano| by horizon, below which chance may explain a difference
MEANINGS = {
    "green": "nothing speaks against the ranges",
    "yellow": "more than ranges that are right have but rarely",
    "red": "the ranges are too narrow",
}
FEW = 100  # below which a share says less than its count
LONG_WEEKEND = 4  # days
UNTRAINED = "No LSTM was trained: the file has too few rows to learn from"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def ratio(value: float) -> str:
    return f"{value:.3f}" if value < 2 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def times(value: float | None) -> str:
    return NOTHING if value is None else f"{ratio(value)}{TIMES}"


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share * 100:.1f} %"


def ahead(horizon: int) -> str:
    return count(horizon, "day")


def day(instant: datetime.datetime) -> str:
    return f"{instant.day} {instant:%B %Y}"


def instant(instant: datetime.datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def short_day(number: int) -> str:
    """Of days since 1970: "27 Nov 2026"."""
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=number)
    return f"{date.day} {date:%b %Y}"


def price(value: float) -> str:
    """Two decimals, more where the price is small: five digits that count, and no zeros behind the second decimal.

    assets/format.js says the same.
    """
    if not LEAST_PLAIN <= value < GREATEST_PLAIN:
        digits, _, exponent = f"{value:.4e}".partition("e")
        return f"{float(digits):g}e{int(exponent):+d}"
    decimals = 0 if value >= 100_000 else 2 if value >= 10 else 4 - math.floor(math.log10(value))
    exact = decimal.Decimal(value).quantize(decimal.Decimal(1).scaleb(-decimals), decimal.ROUND_HALF_UP)
    whole, point, fraction = f"{exact:,f}".partition(".")
    return f"{whole}{point}{fraction.rstrip('0').ljust(2, '0')}" if point else whole


def live(held: int, published: int) -> str:
    """How often a published range held: few are counted, many a share."""
    if not published:
        return ""
    counted = f"{held} of {published}"
    return f"live {counted if published < FEW else f'{percent(held / published)} of {published:,}'}"


def span(low: float, high: float) -> str:
    """A range as moves from the last price: "-1.9 to +2.0 %"."""
    return f"{_signed(low)} to {_signed(high)} %"


def _signed(fraction: float) -> str:
    text = f"{fraction * 100:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", MINUS)


def age(newest: int | None, finished: datetime.datetime) -> str:
    """How old the newest price was when the run finished, where it was older than a long weekend."""
    if newest is None:
        return ""
    days = (finished.date() - datetime.date(1970, 1, 1)).days - newest
    return f"The newest price was {count(days, 'day')} old when this was published." if days > LONG_WEEKEND else ""


def size(ratio_to_naive: float) -> str:
    """How an error compares with naive's: "as large", "6.9 times as large", "3.0 % smaller"."""
    if abs(ratio_to_naive - 1) < 0.0005:
        return "as large"
    if ratio_to_naive >= 2:
        return f"{ratio(ratio_to_naive)} times as large"
    return f"{abs(ratio_to_naive - 1) * 100:.1f} % {'larger' if ratio_to_naive > 1 else 'smaller'}"


def loss(ratio_to_constant: float) -> str:
    """How the loss of ranges compares with that of constant ones: "3.0 % less", "as much", "2.1 times as much"."""
    if abs(ratio_to_constant - 1) < 0.0005:
        return "as much"
    if ratio_to_constant >= 2:
        return f"{ratio(ratio_to_constant)} times as much"
    return f"{abs(ratio_to_constant - 1) * 100:.1f} % {'more' if ratio_to_constant > 1 else 'less'}"


def move(fraction: float | None) -> str:
    """A move up or down: "± 1.3 %"."""
    return NOTHING if fraction is None else f"± {fraction * 100:.1f} %"


def surprise(half_widths: float) -> str:
    """How far beyond its range a price came: "2.3 half-widths from its middle"."""
    if math.isinf(half_widths):
        return "which has no width"
    return f"{half_widths:.2f} half-widths from its middle"


def normal(prices: int) -> str:
    """How many prices of so many lie beyond 95 % ranges that are right."""
    expected = SHARE * prices
    return f"{expected:,.0f}" if expected >= 10 else f"{expected:.1f}"


def beyond(breaches: int, prices: int) -> str:
    return f"{breaches:,} of {prices:,} beyond 95 %; {normal(prices)} are normal"


def light(kind: str, verdict: Verdict) -> str:
    """The traffic light of a kind of forecasts, with what it was judged by."""
    if verdict.light is None:
        return f"{kind}: no light yet, {verdict.days:,} of {DAYS} days."
    share, yellow, red = (percent(part / verdict.prices) for part in (verdict.breaches, verdict.yellow, verdict.red))
    return (
        f"{kind}: {verdict.light}, {MEANINGS[verdict.light]}. Of {count(verdict.prices, 'price')} on {DAYS} days "
        f"{verdict.breaches:,} lay beyond the 95 % range of one day ahead, {share}; {normal(verdict.prices)} are "
        f"normal, yellow begins at {yellow} and red at {red}."
    )


def lights(facts: RunFacts) -> list[str]:
    return [light("Live record", facts.live.verdict), light("Backtest", facts.backtest.verdict)]


def message(pooled: ByModel, facts: RunFacts) -> str:
    """One line for a message: how the forecast did one day ahead, true whatever the figures are."""
    forecast, counted = pooled["forecast", 1], count(facts.tickers, "ticker")
    if facts.evidence["fallback"]:
        counted = f"{UNTRAINED}. {counted}"
    if forecast["rmse_vs_naive"] is None:
        return f"{counted}: no test days to measure the forecasts on"
    errors = f"forecast error {ratio(forecast['rmse_vs_naive'])} x naive one day ahead{_maybe(forecast)}"
    others = {"LSTM": pooled["lstm", 1]["rmse_vs_naive"], "Random Forest": pooled["random_forest", 1]["rmse_vs_naive"]}
    if known := [f"{name} {ratio(value)} x" for name, value in others.items() if value is not None]:
        errors += f" ({', '.join(known)})"
    return f"{counted}: {errors}; the 80 % range held {percent(forecast['coverage80'])} of the real prices"


def headline(pooled: ByModel, facts: RunFacts) -> str:
    """The page's headline, in words that need no statistics."""
    forecast = pooled["forecast", 1]
    if facts.evidence["fallback"]:
        return f"{UNTRAINED}. The forecast is the last price, with a range around it."
    if forecast["rmse_vs_naive"] is None:
        return "The file has too few recent days to say how good its forecasts are."
    compared = size(forecast["rmse_vs_naive"])
    than = "as" if compared.endswith("as large") else "than"
    return (
        f"One day ahead, the forecast's typical error was {compared} {than} that of saying "
        f"“tomorrow costs what today costs”{_maybe(forecast)}."
    )


def summary(pooled: ByModel, facts: RunFacts) -> str:
    """The sentences at the top: how good the forecasts and their ranges were."""
    forecast, scored = pooled["forecast", 1], facts.track[1]
    sentences = [headline(pooled, facts)]
    if forecast["n"] and forecast["coverage80"] is not None:
        sentences.append(f"In the backtest the 80 % range held {percent(forecast['coverage80'])} of the real prices.")
    if scored.forecasts:
        came = percent(scored.inside_80 / scored.forecasts)
        sentences.append(f"Of {count(scored.forecasts, 'price')} that came after it was published, it held {came}.")
    return " ".join(sentences)


def lead(pooled: ByModel, facts: RunFacts) -> str:
    """The sentences below the headline."""
    forecast, lstm, forest = (pooled[model, 1] for model in ("forecast", "lstm", "random_forest"))
    sentences = []
    if facts.evidence["fallback"]:
        sentences.append("No table and no chart has an LSTM's forecast; the ranges need none.")
    if lstm["rmse_vs_naive"] is not None:
        sentences.append(f"The LSTM's own error was {size(lstm['rmse_vs_naive'])}{_maybe(lstm)}.")
    if forest["rmse_vs_naive"] is not None:
        sentences.append(f"The Random Forest's error was {size(forest['rmse_vs_naive'])}.")
    if forecast["n"]:
        sentences.append(f"The 80 % range held {percent(forecast['coverage80'])} of the real prices.")
        if forecast["pinball_vs_constant_median"] is not None:
            compared = loss(forecast["pinball_vs_constant_median"])
            than = "as" if compared.endswith("as much") else "than"
            sentences.append(f"The middle ticker's ranges had {compared} loss {than} constant ones, misses and width.")
        sentences.append(f"Measured on {forecast['n']:,} forecasts for days that no model had seen.")
    elif facts.evidence["fallback"]:
        sentences.append("The file has too few recent days to say how good its forecasts are.")
    if facts.left_out:
        sentences.append(f"{count(len(facts.left_out), 'ticker')} left out.")
    return " ".join(sentences)


def _maybe(row: MetricsRow) -> str:
    return ", which may be chance" if by_chance(row) else ""


def by_chance(row: MetricsRow) -> bool:
    """Whether the model's error differs from naive's as it is told, and the test of days does not confirm that."""
    told = row["rmse_vs_naive"]  # a mean over tickers: the test may even say the opposite
    if told is None or size(told).endswith("as large"):
        return False
    return math.copysign(1, told - 1) * (row["dm_t"] or 0) < CHANCE[row["horizon"]]


def table_note(left: int) -> str:
    """What the first table says, and how many narrower tickers it leaves out."""
    note = (
        "The widest first. \u201c\u00b1\u201d is how far the price usually moves in so many trading days, up or down. "
        "Below it stands the 80 % range: of 100 prices about 80 should come inside."
    )
    return note + (f" {count(left, 'narrower ticker')} had no room here; SQL has all." if left else "")


def charts_note(charted: Sequence[Chart], tickers: int) -> str:
    """Which tickers and days the charts leave out, where they do."""
    days, _ = charts.room(tickers)
    note = ""
    if len(charted) < tickers:
        note += (
            f" To keep this page small, {len(charted):,} of {tickers:,} tickers have a chart: "
            "the widest, and those that the run's message names."
        )
    if any(len(chart["actual"]) == days for chart in charted):
        note += f" Forecasts stand beside the last {days} test days."
    return note


def gate_reason(judgement: Judgement, fallback: Sequence[str]) -> str:
    """Why a horizon's forecast uses as much of a foreseen change as it does."""
    if fallback:
        return f"No LSTM was trained: {'; '.join(fallback)}."
    if judgement["gate"]:
        return (
            f"Prices followed its forecasts more closely than chance explains, on {judgement['blocks']} independent "
            f"stretches. What exceeds chance of that is used, never more than half."
        )
    if judgement["gate_reason"] == UNPROVEN:
        slope, doubt = judgement["slope"], 2 * judgement["slope_se"]
        return (
            f"Prices did not follow its forecasts more than chance explains: of a foreseen change "
            f"{f'{slope * 100:.0f}'.replace('-', MINUS)} % came true, give or take {doubt * 100:.0f} %."
        )
    if judgement["gate_reason"] == FEW_BLOCKS:
        return (
            f"Not enough to judge it by: {judgement['blocks']} independent stretches of days, "
            f"{FEWEST_BLOCKS} are needed."
        )
    return "There is nothing to judge: it foresaw no change."


def test_days(facts: RunFacts) -> str:
    return (
        f"The models learned from rows before {facts.cuts['test_from']} and were measured on the days from then on. "
        "The horizons 1, 5 and 20 count rows of the ticker, which are trading days."
    )


def rejected_rows(facts: RunFacts) -> str:
    """How many rows could not be used, and where they are listed."""
    where = f"; each is listed with its line and reason under {facts.rejected_uri}" if facts.rejected_rows else ""
    return f"{count(facts.rejected_rows, 'row')} of {count(facts.files, 'file')} could not be used{where}."


def cost(facts: RunFacts) -> str:
    if facts.cost_usd is None:
        return "no list price known"
    return f"${facts.cost_usd:.3f} for SageMaker, at list prices of {facts.prices_of}"
