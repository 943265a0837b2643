import random

import pytest

from stocks.contract import COLUMNS
from stocks.reading import lines, prices
from stocks.reading.dates import LAST_DAY
from stocks.reading.header import find
from stocks.reading.rejected import Rejected
from stocks.reading.rows import read_line
from stocks.series import day_of
from tests.support import reading
from tests.support.reading import read

HEADER = b"ticker,date,adjclose\n"


def values(content: bytes) -> dict:
    """The six values of the only row."""
    ((block,), _, _) = reading.whole(reading.source(content))
    return {name: block.rows[name].item() for name in COLUMNS}


def test_a_row_is_ticker_line_day_and_price():
    accepted, rejected = read(HEADER + b"A,1970-01-02,10\nB,2024-02-29,0.5\n")
    assert accepted == [("A", 2, 1, 10.0), ("B", 3, day_of("2024-02-29"), 0.5)]
    assert rejected == []


def test_all_columns_are_read_in_any_order_and_spelling():
    content = b"Volume,Adj Close,CLOSE,low,High,op_en,Symbol,DATE,sector\n7,6,5,4,3,2,A,2024-01-02,tech\n"
    assert values(content) == {"adjclose": 6, "open": 2, "high": 3, "low": 4, "close": 5, "volume": 7}


def test_missing_values_are_zero_and_never_reject_the_row():
    content = b"ticker,date,adjclose,open,high,low,close,volume\nA,2024-01-02,6,,null,NaN,N/A,-\n"
    assert values(content) == {"adjclose": 6, "open": 0, "high": 0, "low": 0, "close": 0, "volume": 0}


def test_without_adjclose_the_close_is_the_price():
    assert values(b"ticker,date,close\nA,2024-01-02,5\n")["adjclose"] == 5


def test_an_empty_adjclose_is_not_replaced_by_the_close():
    _, rejected = read(b"ticker,date,adjclose,close\nA,2024-01-02,,5\n")
    assert rejected == [Rejected(2, "adjclose is empty", "A,2024-01-02,,5")]


def test_a_file_without_tickers_is_one_ticker_named_by_its_stem():
    accepted, _ = read(b"date,close\n2024-01-02,5\n", stem="JAJIL.CQ")
    assert accepted == [("JAJIL.CQ", 2, day_of("2024-01-02"), 5.0)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"A,2024-01-03,0", "adjclose '0' is not a positive number"),
        (b"A,2024-01-03,-5", "adjclose '-5' is not a positive number"),
        (b"A,2024-01-03,inf", "adjclose 'inf' is not a positive number"),
        (b"A,2024-01-03,1e999", "adjclose '1e999' is not a positive number"),
        (b"A,2024-01-03,1e300", "adjclose '1e300' is not a price from 1e-15 to 1e+15"),
        (b"A,2024-01-03,9e-16", "adjclose '9e-16' is not a price from 1e-15 to 1e+15"),
        (b"A,2024-01-03,1_000", "adjclose '1_000' is not a positive number"),
        (b'A,2024-01-03,"1,0,0"', "adjclose '1,0,0' is not a positive number"),
        (b"A,,10", "date is empty"),
        (b"A,2024-02-30,10", "date '2024-02-30' is not a day as YYYY-MM-DD from 1900 to 2200"),
        (b"A,03/01/2024,10", "date '03/01/2024' is not a day as YYYY-MM-DD from 1900 to 2200"),
        (b"A,1899-12-31,10", "date '1899-12-31' is not a day as YYYY-MM-DD from 1900 to 2200"),
        (b"A,2201-01-01,10", "date '2201-01-01' is not a day as YYYY-MM-DD from 1900 to 2200"),
        (b"A,2024-01-03", "2 columns instead of 3"),
        (b"A,2024-01-03,10,", "4 columns instead of 3; a comma in a number needs quotes"),
        (b" ,2024-01-03,10", "ticker is empty"),
        (b"*,2024-01-03,10", "ticker '*' is not a name"),
        (b"A\tB,2024-01-03,10", "ticker 'A\\tB' is not a name"),
        (b"A" * 65 + b",2024-01-03,10", f"ticker '{'A' * 37}...' is longer than 64 characters"),
        (b'"A,2024-01-03,10', "a quote is not closed on this line"),
        (b'A,2024-01-03,"5.5"6', "text stands behind a closing quote"),
        (b"A,2024-01-03 25:00,10", "date '2024-01-03 25:00' is not a day as YYYY-MM-DD from 1900 to 2200"),
        (b"A,2024-01-03 12:60,10", "date '2024-01-03 12:60' is not a day as YYYY-MM-DD from 1900 to 2200"),
    ],
)
def test_a_bad_row_is_rejected_with_line_reason_and_text(row, reason):
    accepted, rejected = read(HEADER + b"A,2024-01-02,10\n" + row + b"\nA,2024-01-04,12\n")
    assert rejected == [Rejected(3, reason, row.decode())]
    assert [line for _, line, _, _ in accepted] == [2, 4]


def test_plain_rows_are_never_read_one_by_one(monkeypatch):
    monkeypatch.setattr(prices, "read_line", None)
    content = b'ticker,date,close,volume\nA,2024-01-02,1,\nA,2024-01-03 00:00,2,nan\n"B", 2024-01-02,3.5e1, 7\n'
    assert len(read(content + b"C,2024-01-02,,\n")[0]) == 3


@pytest.mark.parametrize("value", [b"x", b"-1", b"inf", b"$3", b"1e999"])
def test_an_optional_value_that_is_no_number_rejects_the_row(value):
    _, rejected = read(b"ticker,date,adjclose,volume\nA,2024-01-02,10," + value + b"\n")
    assert rejected[0].reason == f"volume '{value.decode()}' is not a number from 0 up"


@pytest.mark.parametrize("value", [b"1e300", b"9e-16", b"1.1e15"])
def test_a_price_that_the_model_cannot_compute_with_rejects_the_row(value):
    _, rejected = read(b"ticker,date,adjclose,high,volume\nA,2024-01-02,10," + value + b",7\n")
    assert rejected[0].reason == f"high '{value.decode()}' is not a price from 1e-15 to 1e+15"
    accepted, _ = read(b"ticker,date,adjclose,high,volume\nA,2024-01-02,1e-15,1e15," + value + b"\n")
    assert len(accepted) == 1


@pytest.mark.parametrize("time", [b"", b" 00:00:00", b"T15:30", b"T15:30:00Z", b" 15:30:00.123-05:00", b" 00:00 UTC"])
def test_the_time_behind_a_date_is_dropped(time):
    accepted, _ = read(HEADER + b"A,2024-01-02" + time + b",10\n")
    assert accepted == [("A", 2, day_of("2024-01-02"), 10.0)]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("block_bytes", [1, 7, 16, lines.BLOCK])
def test_line_numbers_hold_for_every_line_end_block_size_and_blank_line(ending, block_bytes):
    lines = [b"ticker,date,adjclose", b"A,2024-01-02,10", b"", b"A,2024-01-03,x", b"  ", b"B,2024-01-03,11"]
    accepted, rejected = read(ending.join(lines), block_bytes=block_bytes)
    assert [(ticker, line) for ticker, line, _, _ in accepted] == [("A", 2), ("B", 6)]
    assert [row.line for row in rejected] == [4]


def test_quoted_values_and_spaces_around_values_are_read():
    accepted, rejected = read(b'"ticker","date","adjclose"\n"A, Inc.","2024-01-02","10"\n B , 2024-01-02 , 11 \n')
    assert [(ticker, price) for ticker, _, _, price in accepted] == [("A, Inc.", 10.0), ("B", 11.0)]
    assert rejected == []


def test_a_value_over_two_lines_is_two_bad_rows_and_harms_no_other():
    accepted, rejected = read(b'name,date,close,note\nA,2024-01-02,1,"x\ny"\nA,2024-01-03,2,z\n')
    assert [line for _, line, _, _ in accepted] == [4]
    assert [row.line for row in rejected] == [2, 3]


def test_quotes_of_even_number_that_run_over_the_line_end_harm_no_other_row():
    accepted, rejected = read(HEADER + b'a"b,"2024-01-02,1\nA,2024-01-03,2\n')
    assert [line for _, line, _, _ in accepted] == [3]
    reason = "date '\"2024-01-02' is not a day as YYYY-MM-DD from 1900 to 2200"
    assert rejected == [Rejected(2, reason, 'a"b,"2024-01-02,1')]


def test_a_quote_left_open_at_the_end_of_the_file_is_a_bad_row():
    _, rejected = read(HEADER + b'A,2024-01-04,"3\n')
    assert rejected == [Rejected(2, "a quote is not closed on this line", 'A,2024-01-04,"3')]


def test_rows_read_one_by_one_keep_their_place():
    hard_space = "\u00a0"
    accepted, _ = read(f"ticker,date,close\nA,2024-01-02,1\nB,2024-01-02,{hard_space}2\nC,2024-01-02,3\n".encode())
    assert [(ticker, line, price) for ticker, line, _, price in accepted] == [("A", 2, 1), ("B", 3, 2), ("C", 4, 3)]


def test_a_byte_order_mark_is_no_part_of_the_header():
    accepted, _ = read(b"\xef\xbb\xbf" + HEADER + b"A,2024-01-02,10\n")
    assert accepted == [("A", 2, day_of("2024-01-02"), 10.0)]


def test_tickers_keep_case_and_any_alphabet():
    accepted, _ = read(HEADER + "nan,2024-01-02,1\nNAN,2024-01-02,1\nÅß.日本/..,2024-01-02,1\n".encode())
    assert [ticker for ticker, *_ in accepted] == ["nan", "NAN", "Åß.日本/.."]


@pytest.mark.parametrize("nothing", [b"", b"null", b"NaN", b"N/A", b"-", b"."])
def test_a_row_without_any_price_is_a_day_without_trade_and_no_bad_row(nothing):
    content = HEADER + b"A,2024-01-02,10\nA,2024-01-03," + nothing + b"\n"
    ((block,), _, _) = reading.whole(reading.source(content))
    assert (len(block.rows), block.rejected, block.lines, block.empty) == (1, [], 2, 1)


def test_four_prices_of_zero_without_volume_are_a_day_without_trade_and_one_is_a_mistake():
    content = b"date,open,high,low,close,volume\n2024-01-02,1,1,1,1,5\n2024-01-03,0,0,0,0.0,0\n2024-01-04,1,1,1,0,5\n"
    ((block,), _, _) = reading.whole(reading.source(content))
    assert (block.empty, block.bad) == (1, 1)
    assert block.rejected[0].reason == "close '0' is not a positive number"


FIELDS = {
    "ticker": ["A", "B", " C", "", "*", '"D"', '"E,F"', "é", '"'],
    "date": ["2024-01-02", "2024-01-02 10:00", "", "2024-13-01", " 2024-01-05", '"2024-01-06"'],
    "price": [
        *("10", "0.5", "+3", "", "nan", "-inf", "0", "1e-400", "1e400", ".5", "5.", " 7", "x", '"8"', "-1", "NULL"),
        *("1e15", "1e16", "1e-15", "1e-16"),
    ],
}


@pytest.mark.parametrize("seed", range(20))
def test_rows_read_together_and_rows_read_alone_give_the_same(seed):
    choose = random.Random(seed)  # noqa: S311
    texts = [
        ",".join(
            choose.choice(FIELDS[kind]) for kind in ("ticker", "date", "price", "price")[: choose.choice([3, 4, 4, 4])]
        )
        for _ in range(60)
    ]
    header = choose.choice(["ticker,date,adjclose,volume", "ticker,date,adjclose,high"])
    accepted, rejected = read("\n".join([header, *texts]).encode(), block_bytes=choose.choice([50, lines.BLOCK]))
    layout = find([header], "", LAST_DAY)
    alone = {number: read_line(line, layout) for number, line in enumerate(texts, 2)}
    rows = [(number, *row) for number, line in alone.items() for row in line.rows]
    assert accepted == [(ticker, number, day, values[0]) for number, ticker, _, day, values in rows]
    listed = [Rejected(n, reason, texts[n - 2]) for n, line in alone.items() for reason in line.reasons]
    assert [row for row in rejected if row in listed] == rejected
    assert all(alone[row.line].note or alone[row.line].narrow for row in listed if row not in rejected)


@pytest.mark.timeout(60)  # a pattern that goes back for each digit takes minutes here
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_number_of_many_digits_is_a_bad_row_and_soon(separator):
    digits = "1" * 100_000
    lines = [("date", "close"), ("2024-01-01", f"{digits}x"), ("2024-01-02", "1.5"), ("2024-01-03", digits)]
    text = "".join(f"{separator.join(line)}\n" for line in lines)
    ((block,), _, _) = reading.whole(reading.source(text.encode()))
    assert block.rows["adjclose"].tolist() == [1.5]
    assert [row.line for row in block.rejected] == [2, 4]
    assert all("is not a positive number" in row.reason for row in block.rejected)
