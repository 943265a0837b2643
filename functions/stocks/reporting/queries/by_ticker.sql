select ticker,
  max(if(model = 'forecast' and horizon = 1, rmse_vs_naive)) as forecast_1,
  max(if(model = 'forecast' and horizon = 5, rmse_vs_naive)) as forecast_5,
  max(if(model = 'forecast' and horizon = 20, rmse_vs_naive)) as forecast_20,
  max(if(model = 'lstm' and horizon = 1, rmse_vs_naive)) as lstm_1,
  max(if(model = 'lstm' and horizon = 5, rmse_vs_naive)) as lstm_5,
  max(if(model = 'lstm' and horizon = 20, rmse_vs_naive)) as lstm_20,
  max(if(model = 'random_forest' and horizon = 1, rmse_vs_naive)) as random_forest_1
from metrics
where dataset = '<dataset>' and run_id = '<run_id>' and ticker <> '*'
group by ticker
order by ticker
