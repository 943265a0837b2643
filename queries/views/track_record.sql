-- What was said, and what happened: the first forecast of each ticker, day and horizon, beside the prices that came.
-- Prices are those of today's table, so a day that is filled in or corrected later moves a score. Count rows that are
-- live and scored, and look at those with a corrected origin apart.
--
-- dataset varchar: folder under incoming/ that the files were dropped into
-- run_id varchar: the run that said so first
-- ticker varchar: as in the files
-- horizon integer: trading days ahead: 1, 5 or 20
-- origin_date date: the last day that the forecast knew
-- target_date date: the day that was forecast
-- realised_date date: the ticker's row so many days after the origin
-- state varchar: scored; waiting for the day, for ever if the ticker has ended; gap: the row is more than 5 days from target_date; no_origin: its row is gone
-- live boolean: whether it was published before the realised day began, at 00:00 UTC
-- hours_before double: from the publishing to the beginning of that day
-- origin_corrected boolean: whether the price on origin_date was corrected since, by more than a recorded split or dividend
-- last_price double: adjusted close on origin_date, as it was then
-- price double: adjusted close on realised_date, on the basis of that time
-- naive double: the last price again
-- drift double: the last price moved on by the ticker's mean growth
-- random_forest double: the ticker's own Random Forest
-- lstm double: what the LSTM by itself expected; null where none was trained
-- forecast double: what was recommended
-- p025 double: lower bound of the 95 % interval
-- p10 double: lower bound of the 80 % interval
-- p50 double: median of the range
-- p90 double: upper bound of the 80 % interval
-- p975 double: upper bound of the 95 % interval
-- expected_move double: how far the price was expected to move, up or down, as a fraction
-- move double: how far it moved, as a fraction
-- naive_error double: naive - price
-- forecast_error double: forecast - price
-- lstm_error double: lstm - price
-- inside_80 boolean: whether the 80 % interval held the price; null where none has come
-- inside_95 boolean: whether the 95 % interval held the price; null where none has come
with days as (
  select
    dataset,
    ticker,
    date,
    adjclose,
    lead(date, 1) over (partition by dataset, ticker order by date) as date_1,
    lead(date, 5) over (partition by dataset, ticker order by date) as date_5,
    lead(date, 20) over (partition by dataset, ticker order by date) as date_20,
    lead(adjclose, 1) over (partition by dataset, ticker order by date) as price_1,
    lead(adjclose, 5) over (partition by dataset, ticker order by date) as price_5,
    lead(adjclose, 20) over (partition by dataset, ticker order by date) as price_20
  from latest_prices
),
said as (
  select
    p.dataset,
    p.run_id,
    p.ticker,
    p.horizon,
    p.origin_date,
    p.target_date,
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
    r.finished,
    row_number() over (
      partition by p.dataset, p.ticker, p.origin_date, p.horizon order by r.term, r.uploaded, r.run_id
    ) as turn
  from predictions p
  join run_history r on r.dataset = p.dataset and r.run_id = p.run_id
  where p.split = 'future'
),
moved as (
  select t.dataset, t.ticker, t.run_id, n.basis / t.basis as ratio
  from tickers t
  join (
    select k.dataset, k.ticker, k.basis
    from tickers k
    join latest l on l.dataset = k.dataset and l.run_id = k.run_id
    where l.schema = 2
  ) n on n.dataset = t.dataset and n.ticker = t.ticker
),
met as (
  select
    s.dataset,
    s.run_id,
    s.ticker,
    s.horizon,
    s.origin_date,
    s.target_date,
    o.adjclose as origin_price,
    case s.horizon when 1 then o.date_1 when 5 then o.date_5 when 20 then o.date_20 end as realised_date,
    case s.horizon when 1 then o.price_1 when 5 then o.price_5 when 20 then o.price_20 end as realised_price,
    s.finished,
    abs(o.adjclose / s.naive - 1) > 1e-3 and abs(o.adjclose / s.naive / m.ratio - 1) > 1e-3 as origin_corrected,
    s.naive,
    s.drift,
    s.random_forest,
    s.lstm,
    s.forecast,
    s.p025,
    s.p10,
    s.p50,
    s.p90,
    s.p975,
    s.expected_move
  from said s
  left join days o on o.dataset = s.dataset and o.ticker = s.ticker and o.date = s.origin_date
  left join moved m on m.dataset = s.dataset and m.ticker = s.ticker and m.run_id = s.run_id
  where s.turn = 1
),
scored as (
  select
    dataset,
    run_id,
    ticker,
    horizon,
    origin_date,
    target_date,
    realised_date,
    finished,
    origin_corrected,
    naive,
    drift,
    random_forest,
    lstm,
    forecast,
    p025,
    p10,
    p50,
    p90,
    p975,
    expected_move,
    case
      when origin_price is null then 'no_origin'
      when realised_date is null then 'waiting'
      when abs(date_diff('day', target_date, realised_date)) > 5 then 'gap'
      else 'scored'
    end as state,
    if(realised_price = origin_price, naive, naive * realised_price / origin_price) as price
  from met
)
select
  dataset,
  run_id,
  ticker,
  horizon,
  origin_date,
  target_date,
  realised_date,
  state,
  finished < cast(realised_date as timestamp) as live,
  date_diff('minute', finished, cast(realised_date as timestamp)) / 60e0 as hours_before,
  origin_corrected,
  naive as last_price,
  price,
  naive,
  drift,
  random_forest,
  lstm,
  forecast,
  p025,
  p10,
  p50,
  p90,
  p975,
  expected_move,
  price / naive - 1 as move,
  naive - price as naive_error,
  forecast - price as forecast_error,
  lstm - price as lstm_error,
  price between p10 and p90 as inside_80,
  price between p025 and p975 as inside_95
from scored
