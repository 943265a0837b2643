select t.ticker, n.note
from tickers t
cross join unnest(t.notes) as n(note)
where dataset = '<dataset>' and run_id = '<run_id>' and n.note like 'health: %'
order by t.ticker
