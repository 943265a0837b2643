"""What files do to a table without being wrong by themselves: the message must tell it, or nobody sees it."""

import unicodedata

import pandas as pd
import pytest

from tests.support import csv_files, pipeline
from tests.support.pipeline import Ended

ROWS = 200
NAMES = ("A", "BB", "CCC")
WHOLE = pd.concat([csv_files.bars(name, seed, ROWS + 20) for seed, name in enumerate(NAMES)])
DAYS = sorted(WHOLE["date"].unique())
PRICES = csv_files.prices.PRICES
COMPOSED, MADE_OF_TWO = (unicodedata.normalize(form, "GRÖSSE") for form in ("NFC", "NFD"))


def days(first: int, end: int, names=NAMES) -> pd.DataFrame:
    """Rows of some days, by their number after the history, and of some tickers."""
    own = WHOLE["date"].isin(DAYS[max(0, ROWS + first) : ROWS + end]) & WHOLE["ticker"].isin(names)
    return WHOLE[own].copy()


def send(cloud: pipeline.Cloud, rows: pd.DataFrame, name: str) -> pipeline.Ran:
    return cloud.send(csv_files.csv(rows), name)


@pytest.fixture
def cloud():
    with pipeline.cloud(model=pipeline.stand_in) as made:
        send(made, days(-ROWS, 0), "history.csv")
        yield made


def new(ran: pipeline.Ran) -> list[str]:
    """What the message says is new, but for files."""
    lines = [line.strip() for line in ran.json("message.json")["lines"]]
    return [line for line in lines[lines.index("What is new:") + 1 :] if "new file" not in line]


def test_a_corrected_file_under_an_excluded_name_is_told_at_once_and_by_the_next_message(cloud):
    wrong = days(0, 1)
    wrong[PRICES] *= 1.02
    send(cloud, wrong, "may.csv")
    cloud.put_settings(exclude=["may.csv"])
    cloud.nudge()
    with pytest.raises(Ended) as ended:
        send(cloud, days(0, 1), "may.csv")
    assert ended.value.args == ("current", "settings.json leaves out by its name what came after it: may.csv")
    told = "settings.json leaves out by its name what came after it; to leave out one, write name@version: may.csv"
    assert new(send(cloud, days(1, 2), "june.csv")) == [told]
    version = cloud.s3.versions["incoming", "incoming/daily/may.csv"][0].id
    cloud.put_settings(exclude=[f"may.csv@{version}"])
    mended = cloud.nudge()
    assert new(mended) == []
    prices = mended.table("prices").query("ticker == 'A'")["adjclose"].tolist()
    assert prices[-2:] == days(0, 2, ("A",))["close"].tolist()


def test_two_tickers_that_are_swapped_on_a_day_are_told_with_the_file_once(cloud):
    swapped = days(0, 1).replace({"ticker": {"A": "BB", "BB": "A"}})
    (noted,) = [line for line in new(send(cloud, swapped, "swap.csv")) if line.startswith("noted")]
    assert noted.startswith("noted of 2 tickers: A (swap.csv: a step by ")
    assert noted.endswith(f" at {DAYS[ROWS]}, not rescaled)")
    send(cloud, days(0, 1), "mended.csv")
    assert not [line for line in new(send(cloud, days(1, 2, ("BB",)), "on.csv")) if line.startswith("noted")]


def test_a_vendor_that_gives_no_adjusted_prices_any_more_is_told_once(cloud):
    ran = send(cloud, days(-5, 1).drop(columns="adjclose"), "plain.csv")
    mixed = ", ".join(f"{name} (mixed price columns)" for name in NAMES)
    assert new(ran) == [f"noted of 3 tickers: {mixed}"]
    again = send(cloud, days(-4, 2).drop(columns="adjclose"), "next.csv")
    assert [line.strip() for line in again.json("message.json")["lines"]][-1] == "1 new file: next.csv"


def test_an_old_file_that_is_brought_back_to_the_tables_prices_is_told(cloud):
    """Who mends the rows before a split that is missing learns that a file must reach the newest day for that."""
    halved = days(-ROWS, -2)
    halved[PRICES] /= 2
    ran = send(cloud, halved, "mend.csv")
    assert new(ran)[0].startswith("noted of 3 tickers: A (mend.csv: its prices were brought to the table's by 2)")


def test_tickers_that_a_file_in_place_of_all_others_lacks_are_told(cloud):
    cloud.put_settings(mode="replace")
    ran = send(cloud, days(-ROWS, 1, ("A",)), "cut.csv")
    assert new(ran) == ["2 tickers of the run before without any row now: BB, CCC"]
    assert new(send(cloud, days(-ROWS, 2), "whole.csv")) == ["2 new tickers: BB, CCC"]


def test_rows_of_1970_are_flagged_and_leave_the_tickers_their_week(cloud):
    ran = send(cloud, days(-1, 0).assign(date="1970-01-01"), "epoch.csv")
    assert set(ran.table("tickers")["calendar"]) == {"Mon-Fri"}
    assert [line for line in new(ran) if "anew" in line] == [
        "data health flags 3 tickers anew: A (a gap), BB (a gap), CCC (a gap)"
    ]


def test_names_with_umlauts_are_one_however_a_computer_writes_them(cloud):
    one = days(-5, 1, ("A",)).drop(columns="ticker")
    send(cloud, one, f"{MADE_OF_TWO}.csv")
    with pytest.raises(Ended, match="unchanged"):
        send(cloud, one, f"{COMPOSED}.csv")
    ran = send(cloud, days(0, 3, ("A",)).assign(ticker=MADE_OF_TWO), "long.csv")
    assert ran.table("tickers")["ticker"].tolist() == ["A", "BB", "CCC", COMPOSED]
    cloud.put_settings(exclude=[f"{COMPOSED}.csv"])
    without = cloud.nudge()
    assert not [line for line in without.json("message.json")["lines"] if "settings.json" in line]
    assert len(without.table("prices").query("ticker == @COMPOSED")) == 3
