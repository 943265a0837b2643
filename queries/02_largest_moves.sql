-- Which tickers should move most over the next 20 days, in percent?
select
  dataset,
  ticker,
  target_date,
  100 * (lstm / last_price - 1) as change_percent,
  100 * (lstm_p10 / last_price - 1) as low_percent,
  100 * (lstm_p90 / last_price - 1) as high_percent
from latest_forecast
where horizon = 20
order by abs(lstm / last_price - 1) desc, dataset, ticker
limit 20
