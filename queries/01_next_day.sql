-- What do you expect for the next trading day, and how sure are you?
select dataset, ticker, target_date, last_price, forecast, p10, p90, expected_move_pct, lstm
from latest_forecast
where horizon = 1
order by dataset, ticker
