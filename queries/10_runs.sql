-- What did the runs take and cost, and which tickers did they leave out?
select
  h.dataset,
  h.started,
  h.minutes,
  h.rows,
  100e0 * h.rejected_rows / h.rows as rejected_pct,
  h.tickers,
  h.cost_usd,
  s.ticker as skipped_ticker
from run_history h
left join unnest(h.skipped) as s(ticker) on true
order by h.started desc, h.dataset, s.ticker
