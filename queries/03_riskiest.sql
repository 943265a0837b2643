-- Where is the outcome most uncertain: the width of the 95 % interval in percent of the price?
select dataset, ticker, horizon, last_price, p975_pct - p025_pct as width_pct
from latest_forecast
order by horizon, width_pct desc, dataset, ticker
