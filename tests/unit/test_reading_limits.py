"""What a hostile file may cost: bounds on titles, kinds, texts of days, slow lines and other encodings."""

import datetime

import pytest

from stocks.reading import dialect, encodings, header, intake, lines, prices, titles
from stocks.reading.dates import LAST_DAY
from stocks.reading.rejected import LONGEST_SHOWN, Unusable, show
from tests.support import reading

TITLES = "ticker,date,close\n"


def row(number: int, ticker: str = "A") -> str:
    return f"{ticker},{datetime.date(2000, 1, 3) + datetime.timedelta(number)},{number + 1}\n"


@pytest.mark.timeout(120)  # it took hours
def test_a_title_of_any_length_keeps_no_pattern_busy():
    assert titles.meanings(["a" + " " * 50_000 + "b", "(in " * 10_000, *["x"] * 20_000]) == [None] * 20_002
    assert not titles.is_known("a" + " " * 50_000 + "é")


def test_a_header_of_many_columns_is_refused():
    with pytest.raises(Unusable, match="has more than 10,000 columns"):
        header.find(["," * 10_000, "date,close"], "FILE", LAST_DAY)


def test_more_kinds_of_a_share_than_there_are_on_earth_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "MOST_KINDS", 3)
    body = "SYMBOL,SERIES,DATE1,CLOSE_PRICE\n" + "".join(f"A,K{n},2024-01-{n + 1:02d},{n + 1}\n" for n in range(5))
    with pytest.raises(Unusable, match="column of series has more than 3 values"):
        reading.taken(tmp_path, body.encode())


def test_a_text_too_long_for_a_day_is_not_counted(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(dialect.dates, "way", lambda counted, *_: seen.append(len(counted)) or dialect.dates.ANY_WAY)
    long = TITLES + f'A,"{"2" * 100}",1\n' + row(1)
    reading.taken(tmp_path, long.encode(), tolerance=0.5)
    assert seen == [1]


def test_lines_that_are_read_one_by_one_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(prices, "MOST_SLOW", 5)
    odd = "".join(row(number).replace(",", ', ""', 1).replace('""', '"a"b') for number in range(10))
    with pytest.raises(Unusable, match="more than 5 rows are not in the usual form"):
        reading.taken(tmp_path, (TITLES + row(0) + odd).encode(), tolerance=1)


@pytest.mark.parametrize("bound", ["MOST_LINES", "MOST_BYTES"])
def test_a_file_in_another_encoding_is_read_to_a_bound(tmp_path, monkeypatch, bound):
    monkeypatch.setattr(encodings if bound == "MOST_LINES" else lines, bound, 1000)
    monkeypatch.setattr(lines, "BLOCK", 2000)
    body = ("Datum;Schlußkurs\n" + "".join(f"2024-01-{n % 28 + 1:02d};1,5\n" for n in range(2000))).encode("cp1252")
    with pytest.raises(Unusable, match="not UTF-8 and has more than"):
        reading.taken(tmp_path, body)


@pytest.mark.parametrize("block_bytes", [20, lines.BLOCK])
def test_a_mark_of_byte_order_amid_the_rows_is_bad_wherever_it_stands(block_bytes):
    body = (TITLES + row(0) + row(1) + "\ufeff" + row(2) + row(3)).encode()
    found = reading.whole(reading.source(body), block_bytes=block_bytes)
    assert [row.line for block in found.blocks for row in block.rejected] == [4]
    assert found.tickers == ["A"]


@pytest.mark.parametrize("value", ["a" * 1000, "\U000e0001" * 1000, "'\"" * 50, "é" * 41, "x"])
def test_a_value_in_a_message_is_short_whatever_it_holds(value):
    assert len(show(value)) <= LONGEST_SHOWN + 2
    assert show(value).isprintable()
