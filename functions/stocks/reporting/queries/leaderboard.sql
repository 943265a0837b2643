select horizon, model, rmse_vs_naive, rmse_vs_naive_median, dm_t
from metrics
where dataset = '<dataset>' and run_id = '<run_id>' and ticker = '*'
order by horizon, rmse_vs_naive
