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
  rmse_vs_naive < 1 and dm_t < if(horizon = 20, -2.3e0, -2e0) as beyond_chance,
  pinball_vs_constant
from leaderboard
order by dataset, horizon, place, model
