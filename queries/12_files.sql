-- Which files came, what became of them, and when did their rows reach the tables?
select
  dataset,
  uploaded,
  source_key,
  verdict,
  reason,
  rows,
  rejected_rows,
  tickers,
  first_day,
  last_day,
  array_join(ignored, ', ') as columns_not_read,
  published
from file_history
order by uploaded desc, source_key
