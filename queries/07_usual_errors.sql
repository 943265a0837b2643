-- How wrong is the LSTM usually, and how wrong is it on a bad day, in percent of the price?
select
  dataset,
  horizon,
  count(*) as forecasts,
  approx_percentile(100 * abs(lstm_error) / actual, 0.5) as median_percent,
  approx_percentile(100 * abs(lstm_error) / actual, 0.95) as bad_day_percent,
  max_by(ticker, abs(lstm_error) / actual) as worst_ticker,
  max_by(target_date, abs(lstm_error) / actual) as worst_date
from backtest
group by dataset, horizon
order by dataset, horizon
