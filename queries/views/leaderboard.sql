-- Which model was best in the test period of each dataset's newest run, over all tickers, at each horizon.
--
-- dataset varchar: folder under incoming/ that the file was dropped into
-- run_id varchar: the run that was measured
-- horizon integer: trading days ahead: 1, 5 or 20
-- place bigint: 1 is the least RMSE relative to the naive forecast
-- model varchar: naive, drift, random_forest or lstm
-- n bigint: forecasts that were measured
-- rmse_vs_naive double: mean over tickers of RMSE / RMSE of the naive forecast; below 1 beats it
-- mae_vs_naive double: the same of mean absolute errors
-- rmse double: root of the mean squared error, in prices
-- mae double: mean absolute error, in prices
-- mase double: mean absolute error, scaled by the one-day changes before the test period
-- directional_accuracy double: share of moves whose direction was right
-- always_up_rate double: share of moves that went up
-- dm_t double: Diebold-Mariano statistic against naive; below -2 is better beyond chance
-- coverage80 double: share of prices within the 80 % interval
-- coverage95 double: share of prices within the 95 % interval
-- pinball double: mean pinball loss of the quantiles, in basis points of the price
select
  m.dataset,
  m.run_id,
  m.horizon,
  rank() over (partition by m.dataset, m.horizon order by m.rmse_vs_naive) as place,
  m.model,
  m.n,
  m.rmse_vs_naive,
  m.mae_vs_naive,
  m.rmse,
  m.mae,
  m.mase,
  m.directional_accuracy,
  m.always_up_rate,
  m.dm_t,
  m.coverage80,
  m.coverage95,
  m.pinball
from metrics m
join run_history r on r.dataset = m.dataset and r.run_id = m.run_id
where r.newest and m.ticker = '*'
