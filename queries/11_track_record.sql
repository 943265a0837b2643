-- How good were the forecasts that were published before the day began?
select
  dataset,
  horizon,
  count(*) as forecasts,
  count(distinct origin_date) as days,
  sqrt(avg(power(forecast_error / last_price, 2)) / nullif(avg(power(naive_error / last_price, 2)), 0)) as pooled_rmse_vs_naive,
  avg(abs(move)) as mean_move,
  avg(if(inside_80, 1e0, 0e0)) as coverage80,
  avg(if(inside_95, 1e0, 0e0)) as coverage95
from track_record
where state = 'scored' and live and not origin_corrected
group by dataset, horizon
order by dataset, horizon
