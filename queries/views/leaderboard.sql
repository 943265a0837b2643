-- Which model was best in the test period of each dataset's newest run, over all tickers, at each horizon.
--
-- dataset varchar: folder under incoming/ that the file was dropped into
-- run_id varchar: the run that was measured
-- horizon integer: trading days ahead: 1, 5 or 20
-- place bigint: 1 is the least RMSE relative to the naive forecast; null where the model has no forecast
-- model varchar: naive, drift, random_forest, lstm or forecast
-- n bigint: forecasts that were measured
-- rmse_vs_naive double: mean over tickers of RMSE / RMSE of the naive forecast; below 1 beats it
-- rmse_vs_naive_median double: median over tickers of the same
-- mae_vs_naive double: the same of mean absolute errors, mean
-- mae_vs_naive_median double: the same of mean absolute errors, median
-- rmse double: root of the mean squared error, in prices of all tickers together: the dearest owns it
-- mae double: mean absolute error, likewise
-- mase double: mean absolute error, scaled by the one-day changes before the test period; mean over tickers
-- mase_median double: median over tickers of the same
-- directional_accuracy double: share of moves whose direction was right
-- always_up_rate double: share of moves that went up
-- dm_t double: Diebold-Mariano statistic against naive; below -2 (at horizon 20 -2.3) is better beyond chance; null where equal, and where the test days hold fewer than ten stretches of the horizon
-- coverage80 double: share of prices within the 80 % interval; this and the rest of forecast only
-- coverage95 double: share of prices within the 95 % interval
-- pinball double: mean pinball loss of the quantiles, in basis points of the price
-- pinball_vs_constant double: mean over tickers of that loss / loss of ranges that are the same on every day
-- pinball_vs_constant_median double: median over tickers of the same
-- qlike double: loss of the expected move against the moves that came; 0 is perfect
select
  m.dataset,
  m.run_id,
  m.horizon,
  if(m.rmse_vs_naive is not null, rank() over (partition by m.dataset, m.horizon order by m.rmse_vs_naive)) as place,
  m.model,
  m.n,
  m.rmse_vs_naive,
  m.rmse_vs_naive_median,
  m.mae_vs_naive,
  m.mae_vs_naive_median,
  m.rmse,
  m.mae,
  m.mase,
  m.mase_median,
  m.directional_accuracy,
  m.always_up_rate,
  m.dm_t,
  m.coverage80,
  m.coverage95,
  m.pinball,
  m.pinball_vs_constant,
  m.pinball_vs_constant_median,
  m.qlike
from metrics m
join latest l on l.dataset = m.dataset and l.run_id = m.run_id
where l.schema = 2 and m.ticker = '*'
