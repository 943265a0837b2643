-- For how many tickers was each model better than naive?
select
  m.dataset,
  m.horizon,
  m.model,
  count(*) as tickers,
  count_if(m.rmse_vs_naive < 1) as better,
  100e0 * count_if(m.rmse_vs_naive < 1) / count(*) as better_pct
from metrics m
join run_history r on r.dataset = m.dataset and r.run_id = m.run_id
where r.newest and m.ticker <> '*' and m.model <> 'naive' and m.rmse_vs_naive is not null
group by m.dataset, m.horizon, m.model
order by m.dataset, m.horizon, m.model
