-- What each dataset's newest run expects: one row per ticker and horizon, from the ticker's last day.
--
-- dataset varchar: folder under incoming/ that the file was dropped into
-- run_id varchar: the run that made the forecast
-- ticker varchar: as in the file
-- horizon integer: trading days ahead: 1, 5 or 20
-- origin_date date: the ticker's last day in the file
-- target_date date: the day that is forecast
-- last_price double: adjusted close on origin_date
-- forecast double: what is recommended: the last price, moved by the part of the LSTM's change that proved right
-- p025 double: lower bound of the 95 % interval
-- p10 double: lower bound of the 80 % interval
-- p50 double: median of the range; it may lie above forecast
-- p90 double: upper bound of the 80 % interval
-- p975 double: upper bound of the 95 % interval
-- forecast_pct double: forecast in percent above last_price
-- expected_move_pct double: how far the price usually moves by target_date, up or down, in percent
-- p025_pct double: p025 in percent above last_price
-- p10_pct double: p10 in percent above last_price
-- p50_pct double: p50 in percent above last_price
-- p90_pct double: p90 in percent above last_price
-- p975_pct double: p975 in percent above last_price
-- lstm double: what the LSTM by itself expects; null where none was trained
-- naive double: the last price again
-- drift double: the last price moved on by the ticker's mean growth
-- random_forest double: the ticker's own Random Forest
select
  p.dataset,
  p.run_id,
  p.ticker,
  p.horizon,
  p.origin_date,
  p.target_date,
  p.naive as last_price,
  p.forecast,
  p.p025,
  p.p10,
  p.p50,
  p.p90,
  p.p975,
  100 * (p.forecast / p.naive - 1) as forecast_pct,
  100 * p.expected_move as expected_move_pct,
  100 * (p.p025 / p.naive - 1) as p025_pct,
  100 * (p.p10 / p.naive - 1) as p10_pct,
  100 * (p.p50 / p.naive - 1) as p50_pct,
  100 * (p.p90 / p.naive - 1) as p90_pct,
  100 * (p.p975 / p.naive - 1) as p975_pct,
  p.lstm,
  p.naive,
  p.drift,
  p.random_forest
from predictions p
join latest l on l.dataset = p.dataset and l.run_id = p.run_id
where l.schema = 2 and p.split = 'future'
