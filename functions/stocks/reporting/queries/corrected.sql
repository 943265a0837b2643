select ticker, corrections, rescaled
from tickers
where dataset = '<dataset>' and run_id = '<run_id>' and (corrections > 0 or cardinality(rescaled) > 0)
order by corrections desc, ticker
