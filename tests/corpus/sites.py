"""Files as price sites and data vendors export them: their headers, dates and numbers, with invented prices."""

from tests.corpus.case import Case, accepted, bad_file, bad_row

CASES: tuple[Case, ...] = (
    accepted(
        "Yahoo Finance",
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2024-01-02,187.15,188.44,183.89,185.64,184.94,82488700\n"
        "2024-01-03,184.22,185.88,183.43,184.25,183.55,58414500\n",
        2,
        ("AAPL", "2024-01-02", 184.94),
        "AAPL.csv",
    ),
    bad_row(
        "Yahoo Finance with a day of null",
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2024-01-02,187.15,188.44,183.89,185.64,184.94,82488700\n"
        "2024-01-03,null,null,null,null,null,null\n",
        "line 3: Adj Close 'null' is not a positive number",
    ),
    accepted(
        "Yahoo Finance's table with asterisks",
        "Date\tOpen\tHigh\tLow\tClose*\tAdj Close**\tVolume\n"
        '"Jan 3, 2024"\t184.22\t185.88\t183.43\t184.25\t183.55\t58,414,500\n',
        1,
        ("prices", "2024-01-03", 183.55),
    ),
    accepted(
        "yfinance history with zones and splits",
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
        "2024-01-02 00:00:00-05:00,187.1,188.4,183.8,185.6,82488700,0.0,0.0\n",
        1,
        ("MSFT", "2024-01-02", 185.6),
        "MSFT.csv",
    ),
    bad_file(
        "yfinance with three header lines",
        "Price,Close,High,Low,Open,Volume\nTicker,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,\n2024-01-02,1,2,1,1,5\n",
        "line 1: the header 'Price,Close,High,Low,Open,Volume' has no column date; "
        "yfinance writes one header line with multi_level_index=False",
    ),
    accepted(
        "Nasdaq.com",
        "Date,Close/Last,Volume,Open,High,Low\n"
        "01/03/2024,$184.25,58414460,$184.22,$185.88,$183.43\n"
        "12/29/2023,$192.53,42672100,$193.90,$194.40,$191.725\n",
        2,
        ("HistoricalData_1704300000000", "2024-01-03", 184.25),
        "HistoricalData_1704300000000.csv",
    ),
    accepted(
        "Nasdaq.com's index without volume",
        "Date,Close/Last,Volume,Open,High,Low\n12/29/2023,4769.83,N/A,4782.88,4788.43,4751.99\n",
        1,
        ("SPX", "2023-12-29", 4769.83),
        "SPX.csv",
    ),
    accepted(
        "Investing.com in the United States",
        '\ufeff"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"01/31/2024","4,845.65","4,899.19","4,906.75","4,845.15","2.67B","-1.61%"\n'
        '"01/03/2024","4,704.81","4,725.07","4,729.29","4,699.71","","-0.80%"\n',
        2,
        ("S&P 500 Historical Data", "2024-01-31", 4845.65),
        "S&P 500 Historical Data.csv",
    ),
    accepted(
        "Investing.com in Britain, day first",
        '"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"31/01/2024","10.50","10.4","10.6","10.3","456.7K","1%"\n',
        1,
        ("prices", "2024-01-31", 10.5),
    ),
    accepted(
        "Investing.com with names of months",
        '"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"Jan 05, 2024","1,234.5","1,230","1,240","1,200","1.23M","0.1%"\n',
        1,
        ("prices", "2024-01-05", 1234.5),
    ),
    accepted(
        "Investing.com in Germany, commas in quotes",
        '"Datum","Zuletzt","Eröffn.","Hoch","Tief","Vol.","+/- %"\n'
        '"31.01.2024","1.234,50","1.230,00","1.240,5","1.200","1,23M","0,1%"\n',
        1,
        ("prices", "2024-01-31", 1234.5),
    ),
    accepted(
        "Stooq",
        "Date,Open,High,Low,Close,Volume\r\n2024-01-02,187.15,188.44,183.89,185.64,82488700\r\n",
        1,
        ("aapl_us_d", "2024-01-02", 185.64),
        "aapl_us_d.csv",
    ),
    accepted(
        "Stooq in bulk",
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        "7203.JP,D,20240105,000000,3065,3101,3057,3067,19390900,0\n",
        1,
        ("7203.JP", "2024-01-05", 3067.0),
    ),
    accepted(
        "Alpha Vantage",
        "timestamp,open,high,low,close,volume\n2024-01-02,187.15,188.44,183.89,185.64,82488700\n",
        1,
        ("daily_IBM", "2024-01-02", 185.64),
        "daily_IBM.csv",
    ),
    accepted(
        "Alpha Vantage adjusted",
        "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n"
        "2024-01-02,187.15,188.44,183.89,185.64,184.94,82488700,0.0000,1.0\n",
        1,
        ("prices", "2024-01-02", 184.94),
    ),
    accepted(
        "Tiingo",
        "date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash,splitFactor\n"
        "2024-01-02T00:00:00.000Z,185.64,188.44,183.89,187.15,82488700,184.94,187.7,183.1,186.4,82488700,0.0,1.0\n",
        1,
        ("aapl", "2024-01-02", 184.94),
        "aapl.csv",
    ),
    accepted(
        "Google Finance",
        "Date,Open,High,Low,Close,Volume\n1/2/2024 16:00:00,187.15,188.44,183.89,185.64,82488700\n"
        "1/16/2024 16:00:00,182.16,184.26,180.93,183.63,65603000\n",
        2,
        ("GOOG", "2024-01-02", 185.64),
        "GOOG.csv",
    ),
    accepted(
        "MarketWatch",
        'Date,Open,High,Low,Close,Volume\n01/31/2024,"4,899.19","4,906.75","4,845.15","4,845.65","2,667,410,000"\n',
        1,
        ("prices", "2024-01-31", 4845.65),
    ),
    accepted(
        "Wall Street Journal with short years",
        "Date, Open, High, Low, Close, Volume\n01/31/24, 4899.19, 4906.75, 4845.15, 4845.65, 0\n"
        "01/02/24, 4745.20, 4754.33, 4722.67, 4742.83, 0\n",
        2,
        ("prices", "2024-01-31", 4845.65),
    ),
    accepted(
        "NSE with padded titles",
        '"Date ","series ","OPEN ","HIGH ","LOW ","PREV. CLOSE ","ltp ","close ","vwap ",'
        '"52W H ","52W L ","VOLUME ","VALUE "\n'
        '"05-Jan-2024","EQ","2,602.00","2,623.00","2,590.35","2,602.15","2,610.00","2,608.75","2,610.91",'
        '"2,856","2,180",1547819,"4,04,44,88,488.60"\n',
        1,
        ("RELIANCE", "2024-01-05", 2608.75),
        "RELIANCE.csv",
    ),
    accepted(
        "NSE's archive with Indian groups",
        "SYMBOL,SERIES,DATE,PREV CLOSE,OPEN PRICE,HIGH PRICE,LOW PRICE,LAST PRICE,CLOSE PRICE,VWAP,"
        "TOTAL TRADED QUANTITY\n"
        'MRF,EQ,24-Jan-2024,130950,130570,132200,129750,"1,31,340","1,31,360.50",131224,"1,10,30,917"\n',
        1,
        ("MRF", "2024-01-24", 131360.5),
    ),
    accepted(
        "BSE",
        "Date,Open Price,High Price,Low Price,Close Price,WAP,No.of Shares,No. of Trades\n"
        "5-January-2024,2602.00,2623.00,2590.35,2608.75,2610.91,1547819,34547\n",
        1,
        ("500325", "2024-01-05", 2608.75),
        "500325.csv",
    ),
    accepted(
        "Ariva with shares and turnover",
        "Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke;Volumen\n2024-01-05;13,279;13,2835;13,247;1.013,25;1.000;13.260\n",
        1,
        ("wkn_840400_historic", "2024-01-05", 1013.25),
        "wkn_840400_historic.csv",
    ),
    accepted(
        "onvista, dotted dates",
        "\ufeffDatum;Eröffnung;Hoch;Tief;Schluss;Währung;Volumen\r\n30.01.2024;1.100,50;1.105,00;1.099,00;1.104,25;EUR;12.000\r\n",
        1,
        ("prices", "2024-01-30", 1104.25),
    ),
    accepted(
        "Boursorama",
        "date\touv\thaut\tbas\tclot\tvol\tdevise\n31/01/2024 00:00\t59,80\t60,34\t59,61\t60,25\t3 456 789\tEUR\n",
        1,
        ("prices", "2024-01-31", 60.25),
    ),
    accepted(
        "French thousands with narrow spaces",
        "date;clôture;volume\n31/01/2024;1\u202f234,50;3\u00a0456\u00a0789\n",
        1,
        ("prices", "2024-01-31", 1234.5),
    ),
    accepted(
        "Kaggle's S&P 500",
        "date,open,high,low,close,volume,Name\n2013-02-08,15.07,15.12,14.63,14.75,8407500,AAL\n",
        1,
        ("AAL", "2013-02-08", 14.75),
    ),
    accepted(
        "Kaggle with symbol and company name",
        "Date,Symbol,Name,Close\n2024-01-02,AAL,American Airlines,14.75\n",
        1,
        ("AAL", "2024-01-02", 14.75),
    ),
    accepted(
        "Nasdaq Data Link",
        "Date,Open,High,Low,Close,Volume,Ex-Dividend,Split Ratio,Adj. Open,Adj. High,Adj. Low,Adj. Close,Adj. Volume\n"
        "2018-03-27,173.68,175.15,166.92,168.34,38962839.0,0.0,1.0,173.68,175.15,166.92,168.34,38962839.0\n",
        1,
        ("WIKI-AAPL", "2018-03-27", 168.34),
        "WIKI-AAPL.csv",
    ),
    accepted(
        "EODHD",
        "Date,Open,High,Low,Close,Adjusted_close,Volume\n2024-01-02,187.15,188.44,183.89,185.64,184.94,82488700\n",
        1,
        ("AAPL.US", "2024-01-02", 184.94),
        "AAPL.US.csv",
    ),
    accepted(
        "TradingView with ISO times",
        "time,open,high,low,close,Volume\n2024-01-02T14:30:00Z,187.15,188.44,183.89,185.64,82488700\n",
        1,
        ("BATS_AAPL, 1D", "2024-01-02", 185.64),
        "BATS_AAPL, 1D.csv",
    ),
)
