-- On which days was everyone wrong: the mean error over all tickers, one day ahead?
select
  dataset,
  target_date,
  count(distinct ticker) as tickers,
  100 * avg(abs(lstm_error) / actual) as lstm_percent,
  100 * avg(abs(naive_error) / actual) as naive_percent
from backtest
where horizon = 1
group by dataset, target_date
order by lstm_percent desc, dataset, target_date
limit 20
