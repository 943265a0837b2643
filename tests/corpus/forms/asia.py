"""Sites of China, Taiwan, Japan, Korea and India."""

import io

import pandas as pd

from tests.corpus.forms.english import ISO, ohlc
from tests.corpus.forms.form import Bar, Form, known, table, tidy


def ints(b: Bar) -> str:
    """Prices of a market without decimals, in the order close, open, high, low."""
    return ",".join(f'"{round(value):,}"' for value in (b.close, b.open, b.high, b.low))


def minguo(b: Bar) -> str:
    return f"{b.day.year - 1911}/{b.day:%m/%d}"


def read_minguo(body: bytes) -> pd.DataFrame:
    frame = pd.read_csv(
        io.BytesIO(body), encoding="cp950", skiprows=1, thousands=",", dtype={"日期": str}, index_col=False
    )
    frame = frame[frame["日期"].str.match(r"\d")]
    frame["日期"] = [f"{int(day[:3]) + 1911}{day[3:]}" for day in frame["日期"]]
    columns = {
        "日期": "date",
        "開盤價": "open",
        "最高價": "high",
        "最低價": "low",
        "收盤價": "close",
        "成交股數": "volume",
    }
    frame = frame.rename(columns=columns)[list(columns.values())]
    for name in columns.values():
        frame[name] = frame[name].astype(str).str.replace(",", "")
    return tidy(frame, "%Y/%m/%d", "STOCK_DAY_2330_202310")


def bhavcopy(bars: list[Bar]) -> str:
    """A year of sec_bhavdata_full: after each comma a blank, some symbols a day in several series."""
    lines = [
        "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE, TTL_TRD_QNTY, TURNOVER_LACS, NO_OF_TRADES, DELIV_QTY, DELIV_PER"
    ]
    for number, b in enumerate(sorted(bars, key=lambda bar: (bar.day, bar.ticker))):
        kinds = ["BL", "EQ"] if number % 3 == 0 else ["EQ"]
        for kind in kinds:
            more = 0.5 if kind == "BL" else 0
            prices = ", ".join(f"{value + more:.2f}" for value in (b.open, b.high, b.low, b.close, b.close))
            lines.append(f"{b.ticker}, {kind}, {b.day:%d-%b-%Y}, 1.00, {prices}, 1.5, {b.volume}, 935.15, 7827, -, -")
    return "\n".join(lines) + "\n"


def read_bhavcopy(body: bytes) -> pd.DataFrame:
    frame = pd.read_csv(io.BytesIO(body), skipinitialspace=True)
    columns = {"SYMBOL": "ticker", "DATE1": "date", "OPEN_PRICE": "open", "HIGH_PRICE": "high", "LOW_PRICE": "low"}
    columns |= {"CLOSE_PRICE": "close", "TTL_TRD_QNTY": "volume"}
    return tidy(frame[frame["SERIES"] == "EQ"].rename(columns=columns)[list(columns.values())], "%d-%b-%Y")


def netease(bars: list[Bar]) -> str:
    """163.com: an apostrophe before the code, None and zeros on a day without trade."""
    lines = [
        "日期,股票代码,名称,收盘价,最高价,最低价,开盘价,前收盘,涨跌额,涨跌幅,换手率,成交量,成交金额,总市值,流通市值,成交笔数"
    ]
    for number, b in enumerate(reversed(bars)):
        if number == 5:
            lines.append(
                "2023-01-01,'399300,沪深300,0.0,0.0,0.0,0.0,14.5,None,None,0.0,0,0.0,1.60088e+11,1.40716e+11,None"
            )
        lines.append(
            f"{b.day},'399300,沪深300,{b.close},{b.high},{b.low},{b.open},1.5,-0.23,-0.69,0.3,{b.volume},9.1,3.08e+11,3.04e+11,52927"
        )
    return "\r\n".join(lines) + "\r\n"


def read_netease(body: bytes) -> pd.DataFrame:
    frame = pd.read_csv(io.BytesIO(body), encoding="gb18030")
    columns = {
        "日期": "date",
        "股票代码": "ticker",
        "收盘价": "close",
        "最高价": "high",
        "最低价": "low",
        "开盘价": "open",
        "成交量": "volume",
    }
    frame = frame[frame["收盘价"] > 0].rename(columns=columns)[list(columns.values())]
    frame["ticker"] = frame["ticker"].str.lstrip("'")
    return tidy(frame, ISO)


def investing(site: str, file: str, ticker: str, titles: tuple[str, ...], day: str, shown: str = "") -> Form:
    def line(b: Bar) -> str:
        return (
            f'"{b.day:{shown or day}}",'
            + ",".join(f'"{v:,.2f}"' for v in (b.close, b.open, b.high, b.low))
            + f',"{b.volume / 1e6:.2f}M","-0.65%"'
        )

    meanings = dict(zip(titles, ("date", "close", "open", "high", "low", "volume"), strict=False))
    header = ",".join(f'"{title}"' for title in titles)
    reader = known(meanings, day, ticker, "M", thousands=",", encoding="utf-8-sig")
    return Form(
        f"Investing.com {site}", file, table(header, line, newest_first=True), reader, "utf-8-sig", prices=2345.6
    )


FORMS = (
    investing("in China", "上证指数历史数据.csv", "上证指数", ("日期", "收盘", "开盘", "高", "低", "交易量", "涨跌幅"), ISO),
    investing("in Japan", "日経平均株価 過去データ.csv", "日経平均株価", ("日付け", "終値", "始値", "高値", "安値", "出来高", "変化率 %"), ISO),
    investing("in Korea", "USD_KRW 과거 데이터.csv", "USD_KRW", ("날짜", "종가", "오픈", "고가", "저가", "거래량", "변동 %"), "%Y- %m- %d"),
    Form(
        "akshare",
        "000001.csv",
        table(
            "日期,开盘,收盘,最高,最低,成交量,成交额,振幅,涨跌幅,涨跌额,换手率",
            lambda b: f"{b.day},{b.open},{b.close},{b.high},{b.low},{b.volume},1075742252.45,2.24,-1.92,-0.18,0.60",
        ),
        known({"日期": "date", "开盘": "open", "收盘": "close", "最高": "high", "最低": "low", "成交量": "volume"}, ISO, "000001"),
    ),
    Form("163.com, in GB18030", "399300.csv", netease, read_netease, "gb18030", tickers=("399300",), prices=3027.58),
    Form(
        "Tongdaxin, in GB18030 with titles in tabs and rows in commas",
        "SH600519.csv",
        table(
            "      日期\t    开盘\t    最高\t    最低\t    收盘\t    成交量\t    成交额",
            lambda b: f"{b.day:%Y/%m/%d},{ohlc(b)},{b.volume},1116558336.00",
            above=["600519 贵州茅台 日线 前复权"],
            below=["数据来源:通达信"],
            end="\r\n",
        ),
        known(
            {0: "date", 1: "open", 2: "high", 3: "low", 4: "close", 5: "volume"}, "%Y/%m/%d", "SH600519",
            encoding="gb18030", header=None, skiprows=2, skipfooter=1, engine="python",
        ),
        "gb18030",
    ),
    Form(
        "Chinese data sellers, in GB18030 with a line above",
        "all.csv",
        table(
            "股票代码,股票名称,交易日期,开盘价,最高价,最低价,收盘价,前收盘价,成交量,成交额,流通市值,总市值",
            lambda b: f"{b.ticker},浦发银行,{b.day},{ohlc(b)},12.62,{b.volume},300834017.0,3.5e11,3.6e11",
            above=["数据整理，对数据字段有疑问的，可以直接私信"],
        ),
        known(
            {"股票代码": "ticker", "交易日期": "date", "开盘价": "open", "最高价": "high", "最低价": "low", "收盘价": "close", "成交量": "volume"},
            ISO, encoding="gb18030", skiprows=1,
        ),
        "gb18030",
        tickers=("sh600000", "sz000001"),
    ),
    Form(
        "TWSE, in Big5 with years of the Republic",
        "STOCK_DAY_2330_202310.csv",
        table(
            '"日期","成交股數","成交金額","開盤價","最高價","最低價","收盤價","漲跌價差","成交筆數",',
            lambda b: f'"{minguo(b)}","{b.volume:,}","19,916,786,786",' + ",".join(f'"{value:.2f}"' for value in b[2:6]) + ',"+6.00","35,333",',
            above=['"112年10月 2330 台積電           各日成交資訊"'],
            below=['"說明:"', '"符號說明:+/-/X表示漲/跌/不比價"'],
            end="\r\n",
        ),
        read_minguo,
        "cp950",
    ),
    Form(
        "Nikkei, in Shift-JIS with a notice below",
        "nikkei_stock_average_daily_jp.csv",
        table(
            "データ日付,終値,始値,高値,安値",
            lambda b: f'"{b.day:%Y/%m/%d}","{b.close}","{b.open}","{b.high}","{b.low}"',
            below=['"本資料は日経の著作物であり、無断で複写、複製、転載または流布することができません。"'],
        ),
        lambda body: known(
            {"データ日付": "date", "終値": "close", "始値": "open", "高値": "high", "安値": "low"}, "%Y/%m/%d", "nikkei_stock_average_daily_jp", encoding="cp932",
        )(body.rpartition(b'\n"')[0] + b"\n"),
        "cp932",
        prices=23506.33,
    ),
    Form(
        "kabuoji3, in Shift-JIS with a line above",
        "7203_2023.csv",
        table(
            "日付,始値,高値,安値,終値,出来高,終値調整値",
            lambda b: ",".join(f'"{cell}"' for cell in (b.day, *b[2:6], b.volume, b.adjclose)),
            above=["7203 東証プライム トヨタ自動車,,,,,,"],
        ),
        known(
            {"日付": "date", "始値": "open", "高値": "high", "安値": "low", "終値": "close", "出来高": "volume", "終値調整値": "adjclose"},
            ISO, "7203_2023", encoding="cp932", skiprows=1,
        ),
        "cp932",
    ),
    Form(
        "Yahoo Finance in Japan",
        "7203.T.csv",
        table("日付,始値,高値,安値,終値,出来高,調整後終値*", lambda b: f'{b.day.year}年{b.day.month}月{b.day.day}日,{ohlc(b)},"{b.volume:,}",{b.adjclose}'),
        known(
            {"日付": "date", "始値": "open", "高値": "high", "安値": "low", "終値": "close", "出来高": "volume", "調整後終値*": "adjclose"},
            "%Y年%m月%d日", "7203.T", thousands=",",
        ),
    ),
    Form(
        "KRX, in cp949",
        "data_1234_20231229.csv",
        table(
            "일자,종가,대비,등락률,시가,고가,저가,거래량,거래대금,시가총액,상장주식수",
            lambda b: f'"{b.day:%Y/%m/%d}","{round(b.close)}","-1300","-2.30","{round(b.open)}","{round(b.high)}","{round(b.low)}","{b.volume}","1","1","1"',
            newest_first=True,
        ),
        known({"일자": "date", "종가": "close", "시가": "open", "고가": "high", "저가": "low", "거래량": "volume"}, "%Y/%m/%d", "data_1234_20231229", encoding="cp949"),
        "cp949",
        prices=55300.0,
    ),
    Form(
        "Korean prices with thousands and no decimals",
        "005930.csv",
        table('"날짜","종가","시가","고가","저가","거래량","변동 %"', lambda b: f'"{b.day:%Y년 %m월 %d일}",{ints(b)},"{b.volume / 1e6:.2f}M","0.55%"'),
        known({"날짜": "date", "종가": "close", "시가": "open", "고가": "high", "저가": "low", "거래량": "volume"}, "%Y년 %m월 %d일", "005930", "M", thousands=","),
        prices=71900.0,
    ),
    Form("NSE's bhavcopies of a year in one file", "sec_bhavdata_full.csv", bhavcopy, read_bhavcopy, tickers=("HDFCBANK", "RELIANCE", "TCS"), prices=1510.0),
    Form(
        "NSE's bhavcopy before 2024",
        "cm2023bhav.csv",
        table(
            "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,",
            lambda b: f"{b.ticker},EQ,{ohlc(b)},35.65,35.2,{b.volume},1764577.1,{b.day:%d-%b-%Y},370,INE144J01027,".upper(),
        ),
        known(
            {"SYMBOL": "ticker", "TIMESTAMP": "date", "OPEN": "open", "HIGH": "high", "LOW": "low", "CLOSE": "close", "TOTTRDQTY": "volume"},
            "%d-%b-%Y", index_col=False,
        ),
        tickers=("20MICRONS", "TCS"),
    ),
    Form(
        "NSE's bhavcopy since 2024",
        "udiff.csv",
        table(
            "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,TtlTradgVol,TtlTrfVal,Rmks",
            lambda b: f"{b.day},{b.day},CM,NSE,STK,16921,INE144J01027,{b.ticker},EQ,{ohlc(b)},1.5,1.5,{b.volume},1.5,",
        ),
        known(
            {"TradDt": "date", "TckrSymb": "ticker", "OpnPric": "open", "HghPric": "high", "LwPric": "low", "ClsPric": "close", "TtlTradgVol": "volume"}, ISO,
        ),
        tickers=("ABB", "TCS"),
    ),
    Form(
        "Futu",
        "futu.csv",
        table(
            "code,name,time_key,open,close,high,low,pe_ratio,volume,turnover,change_rate,last_close",
            lambda b: f"{b.ticker},x,{b.day} 00:00:00,{b.open},{b.close},{b.high},{b.low},9,{b.volume},9,0.1,9",
        ),
        known(
            {name: name for name in ("open", "close", "high", "low", "volume")} | {"code": "ticker", "time_key": "date"},
            "%Y-%m-%d %H:%M:%S",
        ),
        tickers=("US.AAPL", "HK.00700"),
    ),
)  # fmt: skip
