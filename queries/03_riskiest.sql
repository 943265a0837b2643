-- Where is the outcome most uncertain: the width of the 95 % interval in percent of the price?
select dataset, ticker, horizon, last_price, 100 * (lstm_p975 - lstm_p025) / last_price as width_percent
from latest_forecast
order by horizon, width_percent desc, dataset, ticker
