-- Prices that came beyond the 95 % range that was published before their day began.
-- They are the rows of track_record that are live and scored, and whose origin was not corrected since.
-- A view has no order: order by surprise desc nulls first, as the saved query does.
--
-- dataset varchar: folder under incoming/ that the files were dropped into
-- run_id varchar: the run that published the range
-- ticker varchar: as in the files
-- horizon integer: trading days ahead: 1, 5 or 20
-- origin_date date: the last day that the forecast knew
-- realised_date date: the day that came
-- last_price double: adjusted close on origin_date, as it was then
-- price double: adjusted close on realised_date, on the basis of that time
-- p025 double: lower bound of the 95 % interval
-- p50 double: median of the range
-- p975 double: upper bound of the 95 % interval
-- move double: how far it moved, as a fraction
-- expected_move double: how far the price was expected to move, up or down, as a fraction
-- surprise double: distance from the median in half-widths of the range on that side; 1 is the bound; null where it has no width
select
  dataset,
  run_id,
  ticker,
  horizon,
  origin_date,
  realised_date,
  last_price,
  price,
  p025,
  p50,
  p975,
  move,
  expected_move,
  if(price > p50, (price - p50) / nullif(p975 - p50, 0e0), (p50 - price) / nullif(p50 - p025, 0e0)) as surprise
from track_record
where state = 'scored' and live and not origin_corrected and not inside_95
