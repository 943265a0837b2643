-- For how many tickers was each model better than naive?
select
  m.dataset,
  m.horizon,
  m.model,
  count(*) as tickers,
  count_if(m.rmse_vs_naive < 1) as better,
  100e0 * count_if(m.rmse_vs_naive < 1) / count(*) as better_pct,
  count_if(m.dm_t < if(m.horizon = 20, -2.3e0, -2e0)) as better_beyond_chance,
  25e-3 * count(m.dm_t) as expected_by_chance
from metrics m
join latest l on l.dataset = m.dataset and l.run_id = m.run_id
where l.schema = 2 and m.ticker <> '*' and m.model <> 'naive' and m.rmse_vs_naive is not null
group by m.dataset, m.horizon, m.model
order by m.dataset, m.horizon, m.model
