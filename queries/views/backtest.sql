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
-- lstm double: the LSTM's forecast
-- lstm_p10 double: lower bound of the 80 % interval
-- lstm_p90 double: upper bound of the 80 % interval
-- lstm_p025 double: lower bound of the 95 % interval
-- lstm_p975 double: upper bound of the 95 % interval
-- naive_error double: naive - actual
-- drift_error double: drift - actual
-- random_forest_error double: random_forest - actual
-- lstm_error double: lstm - actual
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
  p.lstm_p10,
  p.lstm_p90,
  p.lstm_p025,
  p.lstm_p975,
  p.naive - p.actual as naive_error,
  p.drift - p.actual as drift_error,
  p.random_forest - p.actual as random_forest_error,
  p.lstm - p.actual as lstm_error,
  p.actual between p.lstm_p10 and p.lstm_p90 as inside_80,
  p.actual between p.lstm_p025 and p.lstm_p975 as inside_95
from predictions p
join run_history r on r.dataset = p.dataset and r.run_id = p.run_id
where r.newest and p.split = 'test'
