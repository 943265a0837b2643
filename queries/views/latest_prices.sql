-- The prices of each dataset, as its newest run has them: one row per ticker and day, all files folded together.
--
-- dataset varchar: folder under incoming/ that the files were dropped into
-- run_id varchar: the newest run
-- ticker varchar: as in the files
-- date date: trading day
-- open double: null where no file has it; this and the next four are on the basis of the newest day
-- high double: highest price of the day
-- low double: lowest price of the day
-- close double: closing price
-- adjclose double: closing price adjusted for dividends and splits; where no file has it, the closing price
-- volume double: shares traded
select p.dataset, p.run_id, p.ticker, p.date, p.open, p.high, p.low, p.close, p.adjclose, p.volume
from prices p
join latest l on l.dataset = p.dataset and l.run_id = p.run_id
where l.schema = 2
