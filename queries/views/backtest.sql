-- Every forecast of the test period of each dataset's newest run, beside what happened; an error is forecast minus actual.
--
-- dataset varchar: folder under incoming/ that the file was dropped into
-- run_id varchar: the run that made the forecast
-- ticker varchar: as in the file
-- horizon integer: trading days ahead: 1, 5 or 20
-- origin_date date: the last day that the forecast knew
-- target_date date: the day that was forecast
-- last_price double: adjusted close on origin_date
-- actual double: adjusted close on target_date
-- naive double: the last price again
-- drift double: the last price moved on by the ticker's mean growth
-- random_forest double: the ticker's own Random Forest
-- lstm double: what the LSTM by itself expected; null where none was trained
-- forecast double: what was recommended: the last price, moved by the part of the LSTM's change that proved right
-- p025 double: lower bound of the 95 % interval
-- p10 double: lower bound of the 80 % interval
-- p50 double: median of the range
-- p90 double: upper bound of the 80 % interval
-- p975 double: upper bound of the 95 % interval
-- expected_move double: how far the price was expected to move, up or down, as a fraction
-- naive_error double: naive - actual
-- drift_error double: drift - actual
-- random_forest_error double: random_forest - actual
-- lstm_error double: lstm - actual
-- forecast_error double: forecast - actual
-- inside_80 boolean: whether the 80 % interval held the price
-- inside_95 boolean: whether the 95 % interval held the price
select
  p.dataset,
  p.run_id,
  p.ticker,
  p.horizon,
  p.origin_date,
  p.target_date,
  p.naive as last_price,
  p.actual,
  p.naive,
  p.drift,
  p.random_forest,
  p.lstm,
  p.forecast,
  p.p025,
  p.p10,
  p.p50,
  p.p90,
  p.p975,
  p.expected_move,
  p.naive - p.actual as naive_error,
  p.drift - p.actual as drift_error,
  p.random_forest - p.actual as random_forest_error,
  p.lstm - p.actual as lstm_error,
  p.forecast - p.actual as forecast_error,
  p.actual between p.p10 and p.p90 as inside_80,
  p.actual between p.p025 and p.p975 as inside_95
from predictions p
join latest l on l.dataset = p.dataset and l.run_id = p.run_id
where l.schema = 2 and p.split = 'test'
