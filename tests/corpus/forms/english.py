"""Price sites with English titles."""

import pandas as pd

from tests.corpus.forms.form import Bar, Form, known, table

OHLC = {"Open": "open", "High": "high", "Low": "low", "Close": "close", "Volume": "volume"}
ISO = "%Y-%m-%d"


def ohlc(bar: Bar, separator: str = ",") -> str:
    return separator.join(f"{value:.2f}" for value in bar[2:6])


def with_null(bars: list[Bar]) -> str:
    """Yahoo's export says null on days without trade."""
    lines = ["Date,Open,High,Low,Close,Adj Close,Volume"]
    for number, bar in enumerate(bars):
        nothing = number % 20 == 7
        lines.append(
            f"{bar.day},"
            + ("null,null,null,null,null,null" if nothing else f"{ohlc(bar)},{bar.adjclose:.2f},{bar.volume}")
        )
    return "\n".join(lines)


def with_dividends(bars: list[Bar]) -> str:
    """Yahoo's table, copied: newest first, and a line for each dividend."""
    lines = ["Date\tOpen\tHigh\tLow\tClose \tAdj Close \tVolume"]
    for number, bar in enumerate(reversed(bars)):
        day = f"{bar.day:%b} {bar.day.day}, {bar.day.year}"
        lines.append(f"{day}\t{ohlc(bar, chr(9))}\t{bar.adjclose:.2f}\t{bar.volume:,}")
        if number == 9:
            lines.append(f"{day}\t0.24 Dividend")
    return "\n".join(lines) + "\n"


def read_dividends(body: bytes) -> pd.DataFrame:
    kept = b"\n".join(line for line in body.split(b"\n") if b"Dividend" not in line)
    columns = {"Date": "date", **{f"{title} " if title == "Close" else title: name for title, name in OHLC.items()}}
    return known({**columns, "Adj Close ": "adjclose"}, "%b %d, %Y", "AAPL", sep="\t", thousands=",")(kept)


FORMS = (
    Form(
        "Yahoo Finance",
        "AAPL.csv",
        table("Date,Open,High,Low,Close,Adj Close,Volume", lambda b: f"{b.day},{ohlc(b)},{b.adjclose:.2f},{b.volume}"),
        known({"Date": "date", **OHLC, "Adj Close": "adjclose"}, ISO, "AAPL"),
    ),
    Form(
        "Yahoo Finance with days of null",
        "AAPL (1).csv",
        with_null,
        known({"Date": "date", **OHLC, "Adj Close": "adjclose"}, ISO, "AAPL", na_values=["null"]),
    ),
    Form("Yahoo Finance's table, copied with its dividends", "AAPL.csv", with_dividends, read_dividends),
    Form(
        "Nasdaq.com",
        "HistoricalData_1700000000123.csv",
        table(
            "Date,Close/Last,Volume,Open,High,Low",
            lambda b: f"{b.day:%m/%d/%Y},${b.close:.2f},{b.volume},${b.open:.2f},${b.high:.2f},${b.low:.2f}",
            newest_first=True,
        ),
        lambda body: known(
            {"Date": "date", "Close/Last": "close", "Volume": "volume", "Open": "open", "High": "high", "Low": "low"},
            "%m/%d/%Y",
            "HistoricalData_1700000000123",
        )(body.replace(b"$", b"")),
    ),
    Form(
        "Investing.com in the United States",
        "AAPL Historical Data.csv",
        table(
            '"Date","Price","Open","High","Low","Vol.","Change %"',
            lambda b: (
                f'"{b.day:%m/%d/%Y}","{b.close:,.2f}","{b.open:,.2f}","{b.high:,.2f}","{b.low:,.2f}","{b.volume / 1e6:.2f}M","0.55%"'
            ),
            newest_first=True,
        ),
        known(
            {"Date": "date", "Price": "close", "Open": "open", "High": "high", "Low": "low", "Vol.": "volume"},
            "%m/%d/%Y",
            "AAPL",
            "M",
            thousands=",",
            encoding="utf-8-sig",
        ),
        "utf-8-sig",
        prices=4845.65,
    ),
    Form(
        "Investing.com in Britain",
        "VOD Historical Data.csv",
        table(
            '"Date","Price","Open","High","Low","Vol.","Change %"',
            lambda b: (
                f'"{b.day:%d/%m/%Y}","{b.close:.2f}","{b.open:.2f}","{b.high:.2f}","{b.low:.2f}","{b.volume / 1e6:.2f}M","-1.01%"'
            ),
        ),
        known(
            {"Date": "date", "Price": "close", "Open": "open", "High": "high", "Low": "low", "Vol.": "volume"},
            "%d/%m/%Y",
            "VOD",
            "M",
        ),
    ),
    Form(
        "MarketWatch",
        "Download Data - STOCK_US_XNAS_NFLX.csv",
        table(
            "Date,Open,High,Low,Close,Volume",
            lambda b: (
                f'{b.day:%m/%d/%Y},"{b.open:,.2f}","{b.high:,.2f}","{b.low:,.2f}","{b.close:,.2f}","{b.volume:,}"'
            ),
            newest_first=True,
        ),
        known({"Date": "date", **OHLC}, "%m/%d/%Y", "NFLX", thousands=","),
        prices=1210.0,
    ),
    Form(
        "Wall Street Journal",
        "HistoricalPrices.csv",
        table(
            "Date, Open, High, Low, Close, Volume",
            lambda b: f"{b.day:%m/%d/%y}, {ohlc(b, ', ')}, {b.volume}",
            newest_first=True,
        ),
        known({"Date": "date", **OHLC}, "%m/%d/%y", "HistoricalPrices", skipinitialspace=True),
    ),
    Form(
        "Google Finance",
        "GOOG.csv",
        table(
            "Date,Open,High,Low,Close,Volume",
            lambda b: f"{b.day.month}/{b.day.day}/{b.day.year} 16:00:00,{ohlc(b)},{b.volume}",
        ),
        known({"Date": "date", **OHLC}, "%m/%d/%Y %H:%M:%S", "GOOG"),
    ),
    Form(
        "Stooq",
        "aapl_us_d.csv",
        table("Date,Open,High,Low,Close,Volume", lambda b: f"{b.day},{ohlc(b)},{b.volume}", end="\r\n"),
        known({"Date": "date", **OHLC}, ISO, "AAPL.US"),
    ),
    Form(
        "Stooq in bulk",
        "us.csv",
        table(
            "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
            lambda b: f"{b.ticker},D,{b.day:%Y%m%d},000000,{ohlc(b)},{b.volume},0",
        ),
        known(
            {
                "<TICKER>": "ticker",
                "<DATE>": "date",
                "<OPEN>": "open",
                "<HIGH>": "high",
                "<LOW>": "low",
                "<CLOSE>": "close",
            }
            | {"<VOL>": "volume"},
            "%Y%m%d",
        ),
        tickers=("7203.JP", "AAPL.US"),
    ),
)
