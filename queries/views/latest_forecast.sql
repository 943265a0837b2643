-- What each dataset's newest run expects: one row per ticker and horizon, from the ticker's last day.
--
-- dataset varchar: folder under incoming/ that the file was dropped into
-- run_id varchar: the run that made the forecast
-- ticker varchar: as in the file
-- horizon integer: trading days ahead: 1, 5 or 20
-- origin_date date: the ticker's last day in the file
-- target_date date: the day that is forecast
-- last_price double: adjusted close on origin_date
-- lstm double: the LSTM's forecast
-- lstm_p10 double: lower bound of the 80 % interval
-- lstm_p90 double: upper bound of the 80 % interval
-- lstm_p025 double: lower bound of the 95 % interval
-- lstm_p975 double: upper bound of the 95 % interval
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
  p.lstm,
  p.lstm_p10,
  p.lstm_p90,
  p.lstm_p025,
  p.lstm_p975,
  p.naive,
  p.drift,
  p.random_forest
from predictions p
join run_history r on r.dataset = p.dataset and r.run_id = p.run_id
where r.newest and p.split = 'future'
