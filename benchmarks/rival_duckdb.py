"""The job of benchmarks/prepare.py in duckdb: PYTHON benchmarks/rival_duckdb.py CSV FOLDER"""

import sys

import duckdb

JOB = """
create table prices as select distinct * from read_csv('{csv}');
create table cut as
with days as (select "Date", count(*) as rows from prices group by "Date"),
  since as (select "Date", sum(rows) over (order by "Date" desc) as rows from days)
select min("Date") as day from since where rows <= 0.2 * (select count(*) from prices);
copy (
  select "Ticker", min("Adj Close") as low, max("Adj Close") as high
  from prices where "Date" < (select day from cut) group by "Ticker"
) to '{folder}/bounds.parquet';
copy (select * from prices order by "Ticker", "Date") to '{folder}/prices.parquet';
"""


def main(csv: str, folder: str) -> None:
    duckdb.connect().execute(JOB.format(csv=csv, folder=folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
