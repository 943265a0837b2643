"""Files that look like one that is refused and are right: what a reviewer found refused without need."""

import datetime

import pytest

from tests.corpus.shapes import EARLY, LATER, SINGLE, lines, weekdays
from tests.support import reading

YEARS = weekdays(1_500)


def priced(header: str, days: list[datetime.date] = EARLY) -> str:
    count = header.count(",")
    return lines(header, lambda day, n: f"{day}," + ",".join(f"{10 * at + n}.5" for at in range(1, count + 1)), days)


def zoned(clock: str, extra: tuple[str, ...] = ()) -> str:
    return "\n".join(["timestamp,close", *(f"{day}T{clock},{100 + n}" for n, day in enumerate([*YEARS, *extra]))])


TICKER_COLUMN = lines("ticker,date,close", lambda day, n: f"A,{day},{n + 1}", EARLY)
FILES = {
    "pairs of crypto": (priced("Date,BTC-USD.Close,ETH-USD.Close"), {"BTC-USD", "ETH-USD"}),
    "pairs of crypto behind the value": (priced("Date,Close_BTC-USD,Close_EUR.USD"), {"BTC-USD", "EUR.USD"}),
    "pence with a day without trade": (
        lines("date,close", lambda day, n: f"{day},{f'GBX {100 + n}' if n != 7 else '-'}", EARLY), {"prices"},
    ),
    "CRSP": (priced("DATE,PRC,VOL,RET,SHROUT,CFACPR"), {"prices"}),
    "averages beside a price and a volume": (priced("DATE,PRICE,VOLUME,MA50,MA200"), {"prices"}),
    "tickers that are also names of figures": (
        priced("Date,AAPL,AMZN,ATR,GOOG,JPM,MSFT,NVDA,IBM,GE,KO,XOM,RSI"),
        {"AAPL", "AMZN", "ATR", "GOOG", "JPM", "MSFT", "NVDA", "IBM", "GE", "KO", "XOM", "RSI"},
    ),
    "files with a ticker column below each other": (
        TICKER_COLUMN + "\ufeff" + TICKER_COLUMN.replace("A,", "B,"), {"A", "B"},
    ),
    "special sessions on Sundays": (zoned("15:30:00Z", ("2016-10-30", "2019-10-27")), {"prices"}),
    "an exchange that closes on Sunday at 17:24 of its own time": (
        lines("timestamp,close", lambda day, n: f"{day - datetime.timedelta(1)} 17:24:00+02:00,{n + 1}", EARLY),
        {"prices"},
    ),
    "a code that changes once": (
        lines("date,Code,close", lambda day, n: f"{day},{int(n > 15)},{n + 1}", EARLY), {"prices"},
    ),
    "a period above the titles": ("Period,2023-01-02,2023-12-29\n" + priced("Date,Open,Close"), {"prices"}),
    "words and comments": (SINGLE + "a word,\n# a comment\n,\n" + LATER.split("\n", 1)[1], {"prices"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_right_file_is_not_taken_for_a_wrong_one(tmp_path, name):
    body, tickers = FILES[name]
    intake = reading.taken(tmp_path, body.encode(), "prices.csv", tolerance=0.1)
    assert set(intake.tickers) == tickers
    assert intake.bad <= 1


def test_letters_of_poland_in_a_name_are_read_in_cp1250_and_those_of_unix_are_no_name(tmp_path):
    def body(codec: str) -> bytes:
        text = lines("Data;Nazwa;Zamknięcie", lambda day, n: f"{day};{name};{n + 1},5", EARLY)
        return text.encode(codec)

    name = "BąK"
    assert set(reading.taken(tmp_path, body("cp1250")).tickers) == {"BąK"}
    name = "ŚNIEŻKA"
    intake = reading.taken(tmp_path, body("iso8859_2"))
    assert {row.reason for row in intake.kept} == {
        "Nazwa '¦NIEŻKA' holds '¦': the encoding is another one; save the file in UTF-8"
    }
