"""Sites with English titles."""

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
    Form(
        "Alpha Vantage",
        "daily_adjusted_IBM.csv",
        table(
            "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient",
            lambda b: f"{b.day},{ohlc(b)},{b.adjclose:.2f},{b.volume},0.0000,1.0",
            newest_first=True,
        ),
        known(
            {"timestamp": "date", "open": "open", "high": "high", "low": "low", "close": "close"}
            | {"adjusted_close": "adjclose", "volume": "volume"},
            ISO,
            "IBM",
        ),
    ),
    Form(
        "Tiingo",
        "AAPL.csv",
        table(
            "date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash,splitFactor",
            lambda b: (
                f"{b.day}T00:00:00.000Z,{b.close:.2f},{b.high:.2f},{b.low:.2f},{b.open:.2f},{b.volume},{b.adjclose:.2f},1,1,1,1,0.0,1.0"
            ),
        ),
        known(
            {
                "date": "date",
                "close": "close",
                "high": "high",
                "low": "low",
                "open": "open",
                "volume": "volume",
                "adjClose": "adjclose",
            },
            "%Y-%m-%dT%H:%M:%S.%fZ",
            "AAPL",
        ),
    ),
    Form(
        "EODHD",
        "AAPL.US.csv",
        table(
            "Date,Open,High,Low,Close,Adjusted_close,Volume", lambda b: f"{b.day},{ohlc(b)},{b.adjclose:.2f},{b.volume}"
        ),
        known({"Date": "date", **OHLC, "Adjusted_close": "adjclose"}, ISO, "AAPL.US"),
    ),
    Form(
        "Nasdaq Data Link",
        "WIKI-AAPL.csv",
        table(
            "Date,Open,High,Low,Close,Volume,Ex-Dividend,Split Ratio,Adj. Open,Adj. High,Adj. Low,Adj. Close,Adj. Volume",
            lambda b: f"{b.day},{ohlc(b)},{b.volume}.0,0.0,1.0,1.5,1.5,1.5,{b.adjclose:.2f},7.0",
        ),
        known({"Date": "date", **OHLC, "Adj. Close": "adjclose"}, ISO, "AAPL"),
    ),
    Form(
        "Alpaca",
        "bars.csv",
        table(
            "symbol,timestamp,open,high,low,close,volume,trade_count,vwap",
            lambda b: f"{b.ticker},{b.day} 05:00:00+00:00,{ohlc(b)},{b.volume}.0,411.0,{b.close}",
        ),
        known(
            {
                "symbol": "ticker",
                "timestamp": "date",
                "open": "open",
                "high": "high",
                "low": "low",
                "close": "close",
                "volume": "volume",
            },
            "%Y-%m-%d %H:%M:%S%z",
        ),
        tickers=("AAPL", "MSFT"),
    ),
    Form(
        "FRED",
        "SP500.csv",
        lambda bars: (
            "observation_date,SP500\n"
            + "".join(f"{bar.day},{'' if number % 25 == 3 else bar.close}\n" for number, bar in enumerate(bars))
        ),
        known({"observation_date": "date", "SP500": "close"}, ISO, "SP500"),
    ),
    Form(
        "FRED before 2024",
        "DJIA.csv",
        lambda bars: (
            "DATE,DJIA\n"
            + "".join(f"{bar.day},{'.' if number % 25 == 3 else bar.close}\n" for number, bar in enumerate(bars))
        ),
        known({"DATE": "date", "DJIA": "close"}, ISO, "DJIA", na_values=["."]),
    ),
    Form(
        "Barchart",
        "aapl_daily_historical-data-11-24-2026.csv",
        table(
            "Time,Open,High,Low,Last,Change,%Chg,Volume",
            lambda b: f"{b.day:%m/%d/%Y},{ohlc(b)},-0.51,-0.34%,{b.volume}",
            below=['"Downloaded from Barchart.com as of 11-24-2026 10:11am CST"'],
            newest_first=True,
        ),
        known(
            {"Time": "date", "Open": "open", "High": "high", "Low": "low", "Last": "close", "Volume": "volume"},
            "%m/%d/%Y",
            "AAPL",
            skipfooter=1,
            engine="python",
        ),
    ),
    Form(
        "Macrotrends",
        "MacroTrends_Data_Download_AAPL.csv",
        table(
            "date,open,high,low,close,volume",
            lambda b: f"{b.day},{ohlc(b)},{b.volume}",
            above=[
                "MacroTrends Data Download",
                "AAPL - historical price data, adjusted for splits",
                "",
                "disclaimer and terms of use: prices, as they are",
                "",
            ],
        ),
        known(
            {"date": "date", "open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume"},
            ISO,
            "AAPL",
            skiprows=5,
        ),
    ),
    Form(
        "Bloomberg's sheet of history",
        "BDH.csv",
        table(
            "Dates,PX_LAST,PX_OPEN,PX_HIGH,PX_LOW,PX_VOLUME",
            lambda b: f"{b.day},{b.close},{b.open},{b.high},{b.low},{b.volume}",
            above=["Security,AAPL US Equity,,,,", "Start Date,2023-01-02,,,,", ",,,,,"],
        ),
        known(
            {
                "Dates": "date",
                "PX_LAST": "close",
                "PX_OPEN": "open",
                "PX_HIGH": "high",
                "PX_LOW": "low",
                "PX_VOLUME": "volume",
            },
            ISO,
            "BDH",
            skiprows=3,
        ),
    ),
    Form(
        "NSE's quote page",
        "Quote-Equity-RELIANCE-EQ-01-01-2023-to-31-12-2023.csv",
        table(
            '"Date ","series ","OPEN ","HIGH ","LOW ","PREV. CLOSE ","ltp ","close ","vwap ","52W H ","52W L ","VOLUME ","VALUE ","No of trades "',
            lambda b: (
                f'"{b.day:%d-%b-%Y}","EQ","{b.open:,.2f}","{b.high:,.2f}","{b.low:,.2f}","1.00","{b.close:,.2f}","{b.close:,.2f}",'
                f'"1.00","2,856","2,180",{b.volume},"4,04,44,88,488.60","2,11,020"'
            ),
            newest_first=True,
        ),
        known(
            {"Date ": "date", "OPEN ": "open", "HIGH ": "high", "LOW ": "low", "close ": "close", "VOLUME ": "volume"},
            "%d-%b-%Y",
            "RELIANCE",
            thousands=",",
            encoding="utf-8-sig",
        ),
        "utf-8-sig",
        prices=2602.0,
    ),
    Form(
        "BSE",
        "500325.csv",
        table(
            "Date,Open Price,High Price,Low Price,Close Price,WAP,No.of Shares,No. of Trades,Total Turnover (Rs.),Spread High-Low",
            lambda b: f"{b.day.day}-{b.day:%B-%Y},{ohlc(b)},1.5,{b.volume},34547,179373529.00,12.4,",
        ),
        known(
            {"Date": "date", "Open Price": "open", "High Price": "high", "Low Price": "low", "Close Price": "close"}
            | {"No.of Shares": "volume"},
            "%d-%B-%Y",
            "500325",
            index_col=False,
        ),
    ),
    Form(
        "Euronext",
        "MC-FR0000121014-Historical data.csv",
        table(
            "Date;Open;High;Low;Last;Close;Number of Shares;Number of Trades;Turnover",
            lambda b: (
                f"{b.day:%d/%m/%Y};{b.open};{b.high};{b.low};{b.close + 0.01:.2f};{b.close};{b.volume};21953;77657394;43.3825"
            ),
            above=['"Historical Data"', '"From 2023-01-02 to 2023-12-29"', "FR0000121014"],
            newest_first=True,
        ),
        known(
            {0: "date", 1: "open", 2: "high", 3: "low", 5: "close", 6: "volume"},
            "%d/%m/%Y",
            "MC-FR0000121014-Historical data",
            sep=";",
            skiprows=4,
            header=None,  # the rows have one cell more than the titles
            encoding="utf-8-sig",
        ),
        "utf-8-sig",
    ),
    Form(
        "MetaTrader 5",
        "XAUUSD_Daily_202301020000_202312290000.csv",
        table(
            "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
            lambda b: f"{b.day:%Y.%m.%d}\t{ohlc(b, chr(9))}\t61234\t{b.volume}\t5",
            end="\r\n",
        ),
        known(
            {
                "<DATE>": "date",
                "<OPEN>": "open",
                "<HIGH>": "high",
                "<LOW>": "low",
                "<CLOSE>": "close",
                "<VOL>": "volume",
            },
            "%Y.%m.%d",
            "XAUUSD_Daily_202301020000_202312290000",
            sep="\t",
        ),
        prices=1823.4,
    ),
)
