-- What do you expect for the next trading day, and how sure are you?
select dataset, ticker, target_date, last_price, lstm, lstm_p10, lstm_p90
from latest_forecast
where horizon = 1
order by dataset, ticker
