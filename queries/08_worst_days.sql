-- On which days was everyone wrong: the mean error over all tickers, one day ahead?
select
  dataset,
  target_date,
  count(distinct ticker) as tickers,
  100 * avg(abs(forecast_error) / actual) as forecast_error_pct,
  100 * avg(abs(naive_error) / actual) as naive_error_pct
from backtest
where horizon = 1
group by dataset, target_date
order by forecast_error_pct desc, dataset, target_date
limit 20
