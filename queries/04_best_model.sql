-- Which model was best, and did it beat the naive forecast that nothing changes?
select
  dataset,
  horizon,
  place,
  model,
  rmse_vs_naive,
  rmse_vs_naive_median,
  rmse_vs_naive < 1 as beats_naive,
  dm_t,
  pinball_vs_constant
from leaderboard
order by dataset, horizon, place, model
