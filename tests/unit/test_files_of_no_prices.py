"""What is refused as a whole, because it is no text, no table or no table of prices."""

import io
import zipfile

import pytest

from stocks.reading import lines
from stocks.reading.rejected import Unusable
from stocks.reading.source import Source
from tests.support import reading
from tests.support.reading import read

HEADER = b"ticker,date,adjclose\n"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"ticker,when,close", "the header 'ticker,when,close' has no column date; name the column of days date"),
        (
            b"ticker,date,open",
            "the header 'ticker,date,open' has no column adjclose or close; name the column of prices close",
        ),
        (b"ticker,date,close,Symbol", "columns 'ticker' and 'Symbol' both mean ticker; rename or delete one"),
        (b"date,Adj Close,adj_close", "columns 'Adj Close' and 'adj_close' both mean adjclose; rename or delete one"),
        (
            b"Price,Close,High",
            "the header 'Price,Close,High' has no column date; name the column of days date",
        ),
        (b"x" * 200_000, f"the header '{'x' * 37}...' is longer than 131,072 characters"),
    ],
)
def test_a_header_that_cannot_be_used_says_why(header, reason):
    more = header.count(b",") - 2
    with pytest.raises(Unusable) as refused:
        read(header + b"\nA,b,10" + b",c" * more + b"\nA,b,10" + b",d" * more + b"\n")
    assert str(refused.value) == f"line 1: {reason}"


def test_a_message_calls_a_column_as_the_file_does_without_what_cannot_be_seen():
    _, rejected = read("Date , Adj\u202e\u200b  Close**\n2024-01-02,0\n".encode())
    assert rejected[0].reason == "Adj Close** '0' is not a positive number"


def test_a_stem_that_is_no_ticker_is_refused():
    with pytest.raises(Unusable, match="the file's name is the ticker, and ticker is empty"):
        read(b"date,close\n2024-01-02,5\n", stem="")


def excel() -> bytes:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return book.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty; upload it again with its rows"),
        (
            b"\n\r\n  \n",
            "line 1: the file holds nothing but blank lines; begin with titles such as date,close",
        ),
        (HEADER, "line 2: the file has a header and no rows; upload it again with its rows"),
        (HEADER + b"\n  \n", "line 2: the file has a header and no rows; upload it again with its rows"),
        (HEADER + b"A,2024-01-02,\nA,2024-01-03,null\n", "no row has a price; upload it again with its prices"),
        (b"date,AAPL,MSFT\n2024-01-02,,\n", "no row has a price; upload it again with its prices"),
        (excel(), "the file is an Excel workbook; save its sheet as CSV"),
        (b"%PDF-1.7 ...", "the file is a PDF document; export the table as CSV"),
    ],
)
def test_what_is_no_csv_of_prices_is_refused_as_a_whole(content, reason):
    with pytest.raises(Unusable) as refused:
        read(content)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (
            HEADER + b"A,2024-01-02,1\nSoci\xe9t\xe9,2024-01-02,1\n",
            3,
            "byte 0xe9 is not UTF-8; save the file as CSV in UTF-8",
        ),
        (
            HEADER + b"A,2024-01-02,1\n\0",
            3,
            "a NUL byte: this is binary data or damaged text; save the file as CSV in UTF-8",
        ),
    ],
)
def test_bytes_that_are_no_utf_8_have_their_line(content, line, reason):
    with pytest.raises(lines.NotUtf8) as refused:
        read(content)
    assert (refused.value.line, refused.value.reason) == (line, reason)


def test_an_endless_line_is_refused_before_it_fills_the_memory():
    class Endless:
        given = 0

        def read(self, size):
            self.given += size
            return b"x" * size

    stream = Endless()
    with pytest.raises(Unusable, match="line 1: the line is longer than 1 MiB"):
        reading.whole(Source("FILE.csv", 10**12, lambda: stream))
    assert stream.given <= 2 * lines.BLOCK


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("block_bytes", [1, 2, 3, 7, 40, lines.BLOCK])
def test_broken_utf_16_has_its_line_for_every_line_end_and_block_size(ending, block_bytes):
    content = ending.join(["ticker,date,adjclose", "A,2024-01-02,1", "B"]).encode("utf-16") + b"\x00\xdc"
    with pytest.raises(Unusable) as refused:
        read(content, block_bytes=block_bytes)
    assert str(refused.value) == "line 3: a character is not UTF-16; save the file as CSV in UTF-8"
