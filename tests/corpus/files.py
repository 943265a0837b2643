"""Files that are wrong, odd or hostile as a whole: encodings, line ends, headers, archives and bombs."""

import gzip
import io
import zipfile

from tests.corpus.case import Case, accepted, bad_file

HEADER = "ticker,date,close\n"
ROW = "A,2024-01-02,1.5\n"
GOOD = HEADER + ROW
FIRST = ("A", "2024-01-02", 1.5)


def workbook() -> bytes:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return book.getvalue()


def million_tickers() -> bytes:
    return HEADER.encode() + b"".join(b"T%d,2024-01-02,1\n" % number for number in range(1_000_000))


def pressed(unit: bytes, count: int, start: bytes = b"") -> bytes:
    """A gzip that unfolds to count units."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        file.write(start)
        for _ in range(count // 100_000):
            file.write(unit * 100_000)
    return packed.getvalue()


CASES: tuple[Case, ...] = (
    bad_file("zero bytes", b"", "the file is empty"),
    bad_file("header only", HEADER, "line 2: the file has a header and no rows"),
    accepted("one row", GOOD, 1, FIRST),
    accepted("no line end at the end", GOOD.strip(), 1, FIRST),
    accepted("CRLF line ends", GOOD.replace("\n", "\r\n"), 1, FIRST),
    accepted("CR line ends", GOOD.replace("\n", "\r"), 1, FIRST),
    accepted("mixed line ends", HEADER.replace("\n", "\r\n") + "A,2024-01-02,1.5\rB,2024-01-02,2\n", 2, FIRST),
    accepted("blank lines everywhere", HEADER + "\n\n" + ROW + "\n  \n" + ROW + "\n", 2, FIRST),
    accepted("UTF-8 with a byte order mark", b"\xef\xbb\xbf" + GOOD.encode(), 1, FIRST),
    accepted("UTF-16 from Windows", GOOD.replace("\n", "\r\n").encode("utf-16"), 1, FIRST),
    accepted("UTF-16 with the high byte first", b"\xfe\xff" + GOOD.encode("utf-16-be"), 1, FIRST),
    bad_file(
        "UTF-16 without a mark", GOOD.encode("utf-16-le"), "line 1: a NUL byte: this is binary data or UTF-16 without"
    ),
    bad_file("UTF-16 cut inside a character", GOOD.encode("utf-16")[:-1], "line 2: a character is not UTF-16"),
    bad_file(
        "UTF-16 with CRLF cut inside a character",
        GOOD.replace("\n", "\r\n").encode("utf-16") + b"A",
        "line 3: a character is not UTF-16",
    ),
    bad_file("UTF-32", GOOD.encode("utf-32"), "line 1: a NUL byte"),
    bad_file("Latin-1", HEADER.encode() + "Société,2024-01-02,1\n".encode("latin-1"), "line 2: byte 0xe9 is not UTF-8"),
    bad_file("a NUL byte", GOOD + "\0", "line 3: a NUL byte"),
    accepted("semicolons", GOOD.replace(",", ";"), 1, FIRST),
    accepted("tabs", GOOD.replace(",", "\t"), 1, FIRST),
    accepted("bars", GOOD.replace(",", "|"), 1, FIRST),
    bad_file(
        "spaces between columns", GOOD.replace(",", " "), "line 1: the header 'ticker date close' has no column date"
    ),
    accepted("titles in any case with spaces and underscores", " TICKER ,da_te,Clo se\n" + ROW, 1, FIRST),
    accepted("columns nobody asked for", "note,close,date,ticker,sector\nx,1.5,2024-01-02,A,tech\n", 1, FIRST),
    accepted("words in a column called price", "ticker,date,adjclose,price\nA,2024-01-02,1.5,high\n", 1, FIRST),
    bad_file("a wrong title", "ticker,day,close\n" + ROW, "line 1: the header 'ticker,day,close' has no column date"),
    bad_file(
        "no price", "ticker,date,open\n" + ROW, "line 1: the header 'ticker,date,open' has no column adjclose or close"
    ),
    bad_file("no header", ROW * 3, "line 1: the header 'A,2024-01-02,1.5' has no column date"),
    bad_file("a blank first line", "\n" + GOOD, "line 1: the header '' has no column date"),
    bad_file(
        "a title twice", "date,close,Close\n2024-01-02,1,2\n", "line 1: columns 'close' and 'Close' both mean close"
    ),
    bad_file(
        "ticker and symbol", "date,close,ticker,symbol\n", "line 1: columns 'ticker' and 'symbol' both mean ticker"
    ),
    bad_file("a header of 200,000 letters", "x" * 200_000 + "\n", "is longer than 131,072 characters"),
    bad_file("10 MB in one line", lambda: b"x" * 10_000_000, "line 1: the line is longer than 1 MiB"),
    bad_file(
        "a line of 2 MB among others", GOOD + "x" * 2_000_000 + "\n" + ROW, "line 3: the line is longer than 1 MiB"
    ),
    bad_file("10 MB in one row", lambda: GOOD.encode() + b"x" * 10_000_000, "line 3: the line is longer than 1 MiB"),
    bad_file(
        "days that may be months",
        "date,close\n01/02/2024,1\n03/04/2024,2\n",
        "line 2: date '01/02/2024' may have the day or the month first, and no row shows which; write YYYY-MM-DD",
    ),
    bad_file(
        "day first and month first",
        "date,close\n13/02/2024,1\n02/13/2024,2\n",
        "line 2: date '13/02/2024' may have the day or the month first, and the rows contradict each other",
    ),
    bad_file(
        "years that may be days",
        "date,close\n10.09.08,1\n13.09.08,2\n",
        "line 2: date '10.09.08' may have the day or the year first, and no row shows which",
    ),
    bad_file(
        "commas that may be points",
        "date;close\n2024-01-02;1,234\n",
        "line 2: close '1,234' may have a decimal or a thousands sign",
    ),
    bad_file("a PDF", b"%PDF-1.7\n%\xe2\xe3\n", "the file is a PDF document, not CSV text in UTF-8"),
    bad_file("a workbook", workbook, "the file is a zip archive or an Excel workbook"),
    bad_file("a web page", "<!DOCTYPE html><html>Too many requests</html>", "the file is an HTML page"),
    bad_file("JSON", '{"error": "limit reached"}\n', 'line 1: the header \'{"error": "limit reached"}\' has no column'),
    bad_file("random bytes", bytes(range(256)) * 8, "line 1: a NUL byte"),
    accepted("gzip", gzip.compress(GOOD.encode()), 1, FIRST, "prices.csv.gz"),
    accepted(
        "two gzips in a row", gzip.compress(HEADER.encode()) + gzip.compress(ROW.encode()), 1, FIRST, "prices.csv.gz"
    ),
    bad_file(
        "gzip named .csv", gzip.compress(GOOD.encode()), "compressed with gzip, which needs a name ending in .csv.gz"
    ),
    bad_file(
        "gzip in gzip",
        gzip.compress(gzip.compress(b"x")),
        "needs a name ending in .csv.gz and is undone once",
        "a.csv.gz",
    ),
    bad_file("text named .gz", GOOD, "the file is named .gz but is no gzip data", "prices.csv.gz"),
    bad_file("a gzip cut short", gzip.compress(GOOD.encode())[:-9], "is damaged or cut short", "prices.csv.gz"),
    bad_file(
        "a gzip with rubbish behind", gzip.compress(GOOD.encode()) + b"rubbish", "is damaged or cut short", "a.csv.gz"
    ),
    bad_file(
        "a gzip bomb of one line",
        lambda: pressed(b"x" * 100, 1_000_000),
        "line 1: the line is longer than 1 MiB",
        "b.csv.gz",
    ),
    bad_file(
        "a gzip bomb of zeros", lambda: pressed(b"\0" * 100, 1_000_000), "the line is longer than 1 MiB", "b.csv.gz"
    ),
    bad_file(
        "a gzip bomb of blank lines",
        lambda: pressed(b"\n", 51_000_000, GOOD.encode()),
        "the file has more than 50,000,000 lines",
        "b.csv.gz",
    ),
    bad_file(
        "a gzip bomb of one row",
        lambda: pressed(ROW.encode(), 2_100_000, HEADER.encode()),
        "have more than 2,000,000 rows",
        "b.csv.gz",
    ),
    bad_file(
        "a million tickers of one row", million_tickers, "the file has more than 200,000 tickers; drop it in parts"
    ),
)
