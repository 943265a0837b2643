-- What had been forecast for the last 30 days of each dataset, and what happened?
with last_days as (
  select dataset, max(target_date) as last_day
  from backtest
  group by dataset
)
select b.dataset, b.ticker, b.target_date, b.actual, b.forecast, b.p10, b.p90, b.inside_80, b.lstm
from backtest b
join last_days d on d.dataset = b.dataset
where b.horizon = 1 and b.target_date > date_add('day', -30, d.last_day)
order by b.dataset, b.ticker, b.target_date
