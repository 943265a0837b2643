select horizon, count(*) as forecasts, count(distinct realised_date) as days,
  avg(if(inside_80, 1e0, 0e0)) as held80, avg(if(inside_95, 1e0, 0e0)) as held95
from track_record
where dataset = '<dataset>' and state = 'scored' and live and not origin_corrected
group by horizon
order by horizon
