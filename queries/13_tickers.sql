-- Which tickers have ended, are too short, or were corrected or rescaled by later files?
select
  t.dataset,
  t.ticker,
  t.status,
  t.reason,
  t.rows,
  t.last_day,
  t.calendar,
  t.corrections,
  cardinality(t.rescaled) as times_rescaled,
  t.basis,
  array_join(t.notes, '; ') as notes
from tickers t
join latest l on l.dataset = t.dataset and l.run_id = t.run_id
where l.schema = 2 and (t.status <> 'forecast' or t.corrections > 0 or cardinality(t.rescaled) > 0 or cardinality(t.notes) > 0)
order by t.dataset, t.ticker
