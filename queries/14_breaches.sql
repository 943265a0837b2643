-- Which prices of the last days left the range that was published before, and how many are normal?
with last_days as (
  select
    dataset,
    horizon,
    realised_date,
    count(*) as prices,
    row_number() over (partition by dataset, horizon order by realised_date desc) as age
  from track_record
  where state = 'scored' and live and not origin_corrected
  group by dataset, horizon, realised_date
)
select
  b.dataset,
  b.realised_date,
  b.horizon,
  b.ticker,
  b.surprise,
  b.price,
  b.p025,
  b.p975,
  count(*) over (partition by b.dataset, b.horizon, b.realised_date) as breaches,
  5e-2 * d.prices as normal,
  d.prices
from breaches b
join last_days d on d.dataset = b.dataset and d.horizon = b.horizon and d.realised_date = b.realised_date
where d.age <= 5
order by b.realised_date desc, b.horizon, b.surprise desc nulls first, b.dataset, b.ticker
