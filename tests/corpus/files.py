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


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("prices.csv", GOOD)
    return packed.getvalue()


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
    bad_file("zero bytes", b"", "the file is empty; upload it again with its rows"),
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
    accepted("UTF-16 without a mark", GOOD.encode("utf-16-le"), 1, FIRST),
    accepted("UTF-16 without a mark, the high byte first", GOOD.encode("utf-16-be"), 1, FIRST),
    bad_file("UTF-16 cut inside a character", GOOD.encode("utf-16")[:-1], "line 2: a character is not UTF-16"),
    bad_file(
        "UTF-16 with CRLF cut inside a character",
        GOOD.replace("\n", "\r\n").encode("utf-16") + b"A",
        "line 3: a character is not UTF-16",
    ),
    bad_file("UTF-32", GOOD.encode("utf-32"), "line 1: a NUL byte"),
    bad_file(
        "Latin-1 where the header proves nothing",
        HEADER.encode() + "A,2024-01-02,1\nSociet\u00e9 F\u00e3o,2024-01-02,1\n".encode("latin-1"),
        "line 3: the file is not UTF-8, and a value is 'Societé Fão' in cp1252 or 'Societé Făo' in cp1250",
    ),
    bad_file(
        "a stray byte that one encoding takes for half a character",
        b"ticker,date,close,volume\nA,2024-01-02,1.5,\xa0687\n",
        "line 2: the file is not UTF-8, and a value is nothing in cp1252 or '\\uf8f0687' in Shift-JIS",
    ),
    accepted(
        "Latin-1 in a column that is not read",
        "ticker,date,close,company\nA,2024-01-02,1.5,Societ\u00e9 F\u00e3o\n".encode("latin-1"),
        1,
        FIRST,
    ),
    bad_file(
        "a title that is known in no encoding",
        "date,close,\u00e9toile\n2024-01-02,1.5,x\n".encode("latin-1"),
        "line 1: byte 0xe9 is not UTF-8; save the file as CSV in UTF-8",
    ),
    accepted("two byte order marks", b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD.encode(), 1, FIRST),
    bad_file("a NUL byte", GOOD + "\0", "line 3: a NUL byte"),
    accepted("semicolons", GOOD.replace(",", ";"), 1, FIRST),
    accepted("tabs", GOOD.replace(",", "\t"), 1, FIRST),
    accepted("bars", GOOD.replace(",", "|"), 1, FIRST),
    bad_file("spaces between columns", GOOD.replace(",", " "), "line 1: cells are separated by blanks; write commas"),
    accepted("titles in any case with spaces and underscores", " TICKER ,da_te,Clo se\n" + ROW, 1, FIRST),
    accepted("columns nobody asked for", "note,close,date,ticker,sector\nx,1.5,2024-01-02,A,tech\n", 1, FIRST),
    accepted("words in a column called price", "ticker,date,adjclose,price\nA,2024-01-02,1.5,high\n", 1, FIRST),
    bad_file("a wrong title", "ticker,when,close\n" + ROW, "line 1: the header 'ticker,when,close' has no column date"),
    accepted("a column of days without a title", ",close\n2024-01-02,1.5\n", 1, ("prices", "2024-01-02", 1.5)),
    accepted("titles above the header", "My prices\n\nas of today\n" + GOOD, 1, FIRST),
    accepted("a note below the rows", GOOD + "Downloaded from a site\n", 1, FIRST),
    accepted("the header again among the rows", GOOD + HEADER + ROW.replace("A", "B"), 2, FIRST),
    accepted("comments and empty rows", GOOD + "# a comment\n,,\n" + ROW.replace("A", "B"), 2, FIRST),
    accepted("Excel's line of the separator", "sep=;\n" + GOOD.replace(",", ";"), 1, FIRST),
    bad_file(
        "no price", "ticker,date,open\n" + ROW, "line 1: the header 'ticker,date,open' has no column adjclose or close"
    ),
    bad_file("no header", ROW * 3, "line 1: the file begins with data; put a line of 3 titles above it"),
    accepted("a blank first line", "\n" + GOOD, 1, FIRST),
    bad_file(
        "neither prices nor tickers",
        "Date,Temperature,Humidity\n2024-01-02,21.5,60\n",
        "line 1: columns Temperature, Humidity are neither prices nor tickers; delete them, or name the price close",
    ),
    bad_file(
        "a title twice", "date,close,Close\n2024-01-02,1,2\n", "line 1: columns 'close' and 'Close' both mean close"
    ),
    bad_file(
        "ticker and symbol",
        "date,close,ticker,symbol\n2024-01-02,1,A,X\n2024-01-03,1,A,Y\n",
        "line 1: columns 'ticker' and 'symbol' both mean ticker",
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
        "line 2: date '13/02/2024' contradicts other rows on whether the day or the month comes first",
    ),
    bad_file(
        "years that may be days",
        "date,close\n13.09.08,1\n14.09.08,2\n",
        "line 2: date '13.09.08' may have the day or the year first, and no row shows which",
    ),
    bad_file(
        "commas that may be points",
        "date;close\n2024-01-02;1,234\n",
        "line 2: close '1,234' may have a decimal or a thousands sign",
    ),
    bad_file(
        "one day of 540 that is no month",
        "date,close\n" + "".join(f"01/{n % 12 + 1:02d}/{1950 + n // 12},1\n" for n in range(540)) + "01/13/1999,1\n",
        "line 542: date '01/13/1999' alone says whether the day or the month comes first, too few to go by",
    ),
    bad_file(
        "one of 1,000 prices with another sign",
        "date,close\n" + "".join(f'2024-01-{n % 28 + 1:02d},"71,900"\n' for n in range(1000)) + '2024-02-01,"71,9"\n',
        "line 1002: close '71,9' alone says which sign is the decimal one, too few to go by",
    ),
    bad_file(
        "epochs in two units",
        "time,close\n1704067200,1\n1704153600,1\n1704240000000,1\n1704326400000,1\n",
        "time counts the time since 1970 in ms and s; write one of them, or days",
    ),
    bad_file(
        "days in two forms",
        "date,close\n2024-05-01,1\n2024-06-01,1\n13/05/2024,1\n14/05/2024,1\n",
        "line 4: date '13/05/2024' is in another form than '2024-06-01'; a program may have turned some",
    ),
    bad_file(
        "prices by the minute, of MetaTrader",
        "<DATE>\t<TIME>\t<CLOSE>\n" + "".join(f"2024.01.0{n // 7 + 1}\t09:3{n % 7}:00\t1{n}\n" for n in range(21)),
        "these are intraday prices: 'prices' has 7 rows on 2024-01-01; upload daily prices",
    ),
    bad_file(
        "prices by the hour",
        "date,close\n" + "".join(f"2024-01-0{n // 7 + 1} {n % 7 + 9:02d}:30,1{n}\n" for n in range(21)),
        "these are intraday prices: 'prices' has 7 rows on 2024-01-01; upload daily prices",
    ),
    bad_file(
        "tickers in a column that is not recognised",
        "date,close,firm\n" + "".join(f"2024-01-0{n // 3 + 1},1{n},{'ABC'[n % 3]}\n" for n in range(21)),
        "no ticker column was recognised: 'prices' has 3 rows on 2024-01-01; name it ticker (columns not read: firm)",
    ),
    bad_file("a PDF", b"%PDF-1.7\n%\xe2\xe3\n", "the file is a PDF document; export the table as CSV"),
    bad_file("a workbook", workbook, "the file is an Excel workbook; save its sheet as CSV"),
    bad_file("an archive", archive, "the file is a zip archive; unpack it and upload the CSV"),
    bad_file("a Parquet file", b"PAR1" + b"x" * 99, "the file is a Parquet file; write it as CSV"),
    bad_file(
        "compressed with xz", b"\xfd7zXZ\0\0" + b"x" * 99, "the file is compressed with xz; compress the CSV with gzip"
    ),
    bad_file("a web page", "<!DOCTYPE html><html>Too many requests</html>", "the file is an HTML page"),
    bad_file("JSON", '{"error": "limit reached"}\n', "the file is JSON; write it as CSV"),
    bad_file("JSON of several lines", '{\n    "error": "limit reached"\n}\n', "the file is JSON; write it as CSV"),
    bad_file("JSON of rows", '[\n  {\n    "close": 1.5\n  }\n]\n', "the file is JSON; write it as CSV"),
    bad_file(
        "a pointer of Git LFS",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "the file is a pointer of Git LFS; download the file itself",
    ),
    bad_file("random bytes", bytes(range(256)) * 8, "line 1: a NUL byte"),
    accepted("gzip", gzip.compress(GOOD.encode()), 1, FIRST, "prices.csv.gz"),
    accepted(
        "two gzips in a row", gzip.compress(HEADER.encode()) + gzip.compress(ROW.encode()), 1, FIRST, "prices.csv.gz"
    ),
    bad_file(
        "gzip named .csv",
        gzip.compress(GOOD.encode()),
        "compressed with gzip; name it .csv.gz, and compress it once only",
    ),
    bad_file(
        "gzip in gzip",
        gzip.compress(gzip.compress(b"x")),
        "compressed with gzip; name it .csv.gz, and compress it once only",
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
