-- What did the runs take and cost, what was new in them, and which tickers did they leave out?
select
  h.dataset,
  h.started,
  h.minutes,
  h.files,
  cardinality(h.new_files) as new_files,
  h.rows,
  h.tickers,
  h.cost_usd,
  t.ticker as without_forecast,
  t.reason
from run_history h
left join tickers t on t.dataset = h.dataset and t.run_id = h.run_id and t.status <> 'forecast'
order by h.started desc, h.dataset, t.ticker
