-- How wrong is the forecast usually, and how wrong is it on a bad day, in percent of the price?
select
  dataset,
  horizon,
  count(*) as forecasts,
  approx_percentile(100 * abs(forecast_error) / actual, 0.5) as median_pct,
  approx_percentile(100 * abs(forecast_error) / actual, 0.95) as bad_day_pct,
  max_by(ticker, abs(forecast_error) / actual) as worst_ticker,
  max_by(target_date, abs(forecast_error) / actual) as worst_date
from backtest
group by dataset, horizon
order by dataset, horizon
