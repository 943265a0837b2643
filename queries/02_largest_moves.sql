-- Which tickers should move most over the next 20 days, up or down, in percent?
select dataset, ticker, target_date, last_price, expected_move_pct, p10_pct, p90_pct, forecast_pct
from latest_forecast
where horizon = 20
order by expected_move_pct desc, dataset, ticker
limit 20
