-- What looks wrong in the prices, a row for each finding?
select
  t.dataset,
  t.ticker,
  t.status,
  t.last_day,
  substr(n.note, 9) as finding
from tickers t
join latest l on l.dataset = t.dataset and l.run_id = t.run_id
cross join unnest(t.notes) as n (note)
where l.schema = 2 and n.note like 'health: %'
order by t.dataset, t.ticker, n.note
