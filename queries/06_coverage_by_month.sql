-- Do the intervals hold as many prices as they promise, month by month?
select
  dataset,
  horizon,
  date_trunc('month', target_date) as month,
  count(*) as forecasts,
  100 * avg(if(inside_80, 1e0, 0e0)) as inside_80_pct,
  100 * avg(if(inside_95, 1e0, 0e0)) as inside_95_pct
from backtest
group by dataset, horizon, date_trunc('month', target_date)
order by dataset, horizon, month
