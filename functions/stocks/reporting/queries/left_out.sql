select ticker, status, reason, last_day
from tickers
where dataset = '<dataset>' and run_id = '<run_id>' and status <> 'forecast'
order by ticker
