"""Data vendors, terminals and exchanges with English titles."""

from tests.corpus.forms.english import ISO, OHLC, ohlc
from tests.corpus.forms.form import Form, known, table

FORMS = (
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
    Form(
        "AMFI's history of funds",
        "navhistory.csv",
        table(
            "Scheme Code;Scheme Name;ISIN Div Payout/ISIN Growth;ISIN Div Reinvestment;Net Asset Value;Repurchase Price;"
            "Sale Price;Date\n\nOpen Ended Schemes ( Equity Scheme - Large Cap Fund )\n\nAxis Mutual Fund",
            lambda b: f"{b.ticker};A fund - Growth;INF846K01;-;{b.close:.4f};;;{b.day:%d-%b-%Y}",
        ),
        known(
            {"Scheme Code": "ticker", "Net Asset Value": "close", "Date": "date"},
            "%d-%b-%Y",
            sep=";",
            skiprows=[1, 2, 3, 4],
        ),
        tickers=("120465", "119551"),
    ),
    Form(
        "DSE in Bangladesh",
        "day_end_archive.csv",
        table(
            "#,DATE,TRADING CODE,LTP*,HIGH,LOW,OPENP*,CLOSEP*,YCP,TRADE,VALUE (mn),VOLUME\n,,,,,,,,,,,",
            lambda b: (
                f"1,{b.day.month}/{b.day.day}/{b.day.year},{b.ticker},9,{b.high},{b.low},{b.open},{b.close},9,"
                f'"1,523",1.5,"{b.volume:,}"'
            ),
            newest_first=True,
        ),
        known(
            {"DATE": "date", "TRADING CODE": "ticker", "HIGH": "high", "LOW": "low", "OPENP*": "open"}
            | {"CLOSEP*": "close", "VOLUME": "volume"},
            "%m/%d/%Y",
            thousands=",",
            skiprows=[1],
        ),
        tickers=("GP", "SQURPHARMA"),
    ),
)
