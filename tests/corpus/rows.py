"""Rows that are wrong, odd or hostile in a file that is otherwise good: line 3, between two good ones."""

from tests.corpus.case import REJECTED_ROWS, Case, accepted, bad_row

HEADER = "ticker,date,open,high,low,close,adjclose,volume\n"
GOOD = "A,2024-01-02,1,2,1,1.5,1.25,100\n"
FIRST = ("A", "2024-01-02", 1.25)


def among(row: str) -> str:
    return HEADER + GOOD + row + "\nB,2024-01-02,1,2,1,1.5,1.25,100\n"


def bad(name: str, row: str, reason: str) -> Case:
    return bad_row(name, among(row), f"line 3: {reason}", rows=2)


def good(name: str, row: str) -> Case:
    return accepted(name, among(row), 3, FIRST)


def with_ticker(ticker: str) -> str:
    return f"{ticker},2024-01-03,1,2,1,1.5,1.25,100"


def with_date(date: str) -> str:
    return f"A,{date},1,2,1,1.5,1.25,100"


def with_price(price: str) -> str:
    return f"A,2024-01-03,1,2,1,1.5,{price},100"


CASES: tuple[Case, ...] = (
    bad("an empty price", with_price(""), "adjclose is empty"),
    bad("text behind a closing quote", with_price('"5.5"6'), "text stands behind a closing quote"),
    bad("a time of 25:00", with_date("2024-01-03 25:00"), "date '2024-01-03 25:00' is not a day as YYYY-MM-DD"),
    accepted("a row without any price", among("A,2024-01-03,,,,,,7"), 2, FIRST),
    bad("a price of NaN", with_price("NaN"), "adjclose 'NaN' is not a positive number"),
    bad("a price of N/A", with_price("N/A"), "adjclose 'N/A' is not a positive number"),
    bad("a price of infinity", with_price("inf"), "adjclose 'inf' is not a positive number"),
    bad("a price of minus infinity", with_price("-Infinity"), "adjclose '-Infinity' is not a positive number"),
    bad("a price of 1e999", with_price("1e999"), "adjclose '1e999' is not a positive number"),
    bad("a price of zero", with_price("0.00"), "adjclose '0.00' is not a positive number"),
    bad("a price below zero", with_price("-1.5"), "adjclose '-1.5' is not a positive number"),
    bad("a price that float32 cannot hold", with_price("1e30"), "adjclose '1e30' is not a price from 1e-15 to 1e+15"),
    bad("a price in words", with_price("ten"), "adjclose 'ten' is not a positive number"),
    bad("a price with an underscore", with_price("1_000"), "adjclose '1_000' is not a positive number"),
    bad("a price in hexadecimal", with_price("0x10"), "adjclose '0x10' is not a positive number"),
    bad("a price in Arabic digits", with_price("١٢"), "adjclose '١٢' is not a positive number"),
    bad("a price with a K", with_price("1.5K"), "adjclose '1.5K' is not a positive number"),
    bad("a price with bad groups", with_price('"1,23,4"'), "adjclose '1,23,4' is not a positive number"),
    good("a price in groups of three", with_price('"1,234,567.5"')),
    good("a price in dollars", with_price("$1.25")),
    good("adjclose wildly off close, after splits", with_price("0.0004")),
    bad("a high of infinity", "A,2024-01-03,1,inf,1,1.5,1.25,100", "high 'inf' is not a number from 0 up"),
    good("a missing open, high, low and volume", "A,2024-01-03,,null,NaN,-,1.25,N/A"),
    bad("a volume below zero", "A,2024-01-03,1,2,1,1.5,1.25,-1", "volume '-1' is not a number from 0 up"),
    bad("an empty date", with_date(""), "date is empty"),
    bad("the 30th of February", with_date("2024-02-30"), "date '2024-02-30' is not a day as YYYY-MM-DD"),
    bad("the 29th of February 2023", with_date("2023-02-29"), "date '2023-02-29' is not a day as YYYY-MM-DD"),
    bad("a 13th month", with_date("2024-13-01"), "date '2024-13-01' is not a day as YYYY-MM-DD"),
    bad("a date of zeros", with_date("0000-00-00"), "date '0000-00-00' is not a day as YYYY-MM-DD"),
    bad("the year 1899", with_date("1899-12-31"), "date '1899-12-31' is not a day as YYYY-MM-DD from 1900 to 2200"),
    bad("a day in the future", with_date("2199-01-01"), "date '2199-01-01' is in the future: the file was uploaded on"),
    bad("another order of the date", with_date("25/12/2023"), "date '25/12/2023' is not a day as YYYY-MM-DD"),
    bad("a date as Excel counts", with_date("45292"), "date '45292' is Excel's number of a day"),
    bad("a time as Excel counts", with_date("45292.625"), "date '45292.625' is Excel's number of a day"),
    bad("a date in seconds", with_date("1704153600"), "date '1704153600' is not a day as YYYY-MM-DD"),
    bad("a date in wide digits", with_date("\uff12024-01-03"), "date '\uff12024-01-03' is not a day as YYYY-MM-DD"),
    good("a date without separators", with_date("20240103")),
    good("a date with slashes", with_date("2024/1/3")),
    good("a time with a zone", with_date("2024-01-03T23:30:00+09:00")),
    good("a time of day with AM", with_date("2024-01-03 9:30 AM")),
    Case(
        "a row that contradicts the order of the others",
        "incoming/daily/prices.csv",
        b"date,close\n13/02/2024,1\n14/02/2024,2\n02/15/2024,3\n",
        REJECTED_ROWS,
        "line 4: date '02/15/2024' is not a day as DD/MM/YYYY or YYYY-MM-DD from 1900 to 2200",
        2,
    ),
    Case(
        "a decimal point among commas",
        "incoming/daily/prices.csv",
        b"date;close\n2024-01-02;1,5\n2024-01-03;2,5\n2024-01-04;2.5\n",
        REJECTED_ROWS,
        "line 4: close '2.5' is not a positive number with a decimal comma",
        2,
    ),
    bad("a column too few", "A,2024-01-03,1", "3 columns instead of 8"),
    bad("a column too many", with_price("1.25") + ",", "9 columns instead of 8"),
    bad("an open quote", '"' + with_price("1.25"), "a quote is not closed on this line"),
    Case(
        "a line end inside quotes",
        "incoming/daily/prices.csv",
        b'date,close,note\n2024-01-02,1,"x\ny"\n2024-01-03,2,z\n',
        REJECTED_ROWS,
        "line 2: a quote is not closed on this line",
        1,
    ),
    good("quoted values", '"A","2024-01-03","1","2","1","1.5","1.25","100"'),
    good("spaces around values", " A , 2024-01-03 , 1 , 2 , 1 , 1.5 , 1.25 , 100 "),
    good("a duplicate row", GOOD.strip()),
    good("a row out of order", with_date("1999-01-04")),
    bad("a value of 200,000 letters", with_ticker("x" * 200_000), "a value is longer than 131,072 characters"),
    bad("an empty ticker", with_ticker(""), "ticker is empty"),
    bad("a ticker of 300 characters", with_ticker("T" * 300), f"ticker '{'T' * 37}...' is longer than 64 characters"),
    bad("the ticker that means all", with_ticker("*"), "ticker '*' is not a name"),
    bad("a ticker with a tab", with_ticker("A\tB"), "ticker 'A\\tB' is not a name"),
    bad("a ticker written backwards", with_ticker("A\u202eB"), "ticker 'A\\u202eB' is not a name"),
    *(
        bad(f"a ticker after a {sign}", with_ticker(f"{sign}cmd|A0"), f"ticker '{sign}cmd|A0' begins with {sign}")
        for sign in "=+-@"
    ),
    good("a ticker with slashes and two dots", with_ticker("../../lake/x")),
    good("a ticker called ..", with_ticker("..")),
    good("a ticker with dots, a caret and an equals sign", with_ticker("^BRK.B=X")),
    good("a ticker with a space", with_ticker("BRK B")),
    good("a ticker with quotes", with_ticker('"A""B\'"')),
    good("a ticker in unicode", with_ticker("日本é😀")),
    good("a ticker of markup", with_ticker("</script><script>alert(1)</script>")),
    good("a ticker of SQL", with_ticker("'; drop table runs; --")),
    good("a ticker called nan", with_ticker("nan")),
)  # fmt: skip
