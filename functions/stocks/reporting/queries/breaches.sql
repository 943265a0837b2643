select ticker, horizon, realised_date, price, p025, p975, surprise
from breaches
where dataset = '<dataset>'
order by realised_date desc, surprise desc nulls first
