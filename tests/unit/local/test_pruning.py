"""Which partitions a query reads, and that the answer is that of a table without any."""

import itertools
import random
import shutil

import pytest

from local import paths
from tests.support.athena_lake import Lake, prediction_rows, run_row

RUNS = [("us", "us-1"), ("us", "us-2"), ("us", "us-3"), ("eu", "eu-1"), ("eu", "eu-2"), ("uk", "uk-1")]
ALL = len(RUNS)
BOTH = "l.dataset = p.dataset and l.run_id = p.run_id"


@pytest.fixture(scope="module")
def lake(laptop):
    """Runs of three datasets, of which `latest` names one of two; `flat` has all rows of `predictions`."""
    made = Lake(laptop)
    made.make()
    for number, (dataset, run_id) in enumerate(RUNS, 1):
        made.put("predictions", dataset, run_id, prediction_rows(100.0 + number))
        made.put("runs", dataset, run_id, run_row(term=number, rows=100 + number))
    made.show("us", "us-2", 2)
    made.show("eu", "eu-2", 5)
    made.register()
    assert made.ask("create table flat as select * from predictions").state == "SUCCEEDED"
    return made


def read(lake, sql: str) -> tuple[int, list]:
    """How many objects of `predictions` the query has got from S3, and its rows in one order."""
    shutil.rmtree(paths.STATE / "athena", ignore_errors=True)
    asked = lake.ask(sql)
    assert asked.state == "SUCCEEDED", asked.reason
    got = [path.read_bytes() for path in (paths.STATE / "athena").rglob("run_id=*/*.parquet")]
    return sum(b"origin_date" in body for body in got), sorted(asked.rows[1:], key=str)


FORMS = {
    "a value": ("select * from predictions where run_id = 'us-2'", 1),
    "values": ("select * from predictions where run_id in ('us-2', 'uk-1') and horizon = 1", 2),
    "a pattern": ("select * from predictions p where p.run_id like 'us%' and not p.run_id = 'us-1'", 2),
    "either": ("select * from predictions where run_id = 'us-2' or dataset = 'eu'", 3),
    "either, of which one is no key": ("select * from predictions where run_id = 'us-2' or forecast > 108", ALL),
    "no run": ("select count(*), max(forecast) from predictions where run_id = 'us-9'", 0),
    "keys of each other": ("select * from predictions where dataset || '-1' = run_id", 3),
    "a join": (f"select p.*, l.term from predictions p join latest l on {BOTH}", 2),
    "a join of upper case": (f"SELECT P.* FROM Predictions P JOIN Latest L ON {BOTH}", 2),
    "using": ("select run_id, term from predictions join latest using (dataset, run_id) where split = 'test'", 2),
    "a join by comma": (f"select p.* from predictions p, latest l where {BOTH} and l.term = 5", 1),
    "a filtered join": (f"select p.* from predictions p join latest l on {BOTH} and l.dataset = 'us'", 1),
    "a join on a key and no key": (
        "select p.* from predictions p join latest l on l.run_id = p.run_id and p.horizon = l.schema - 1", 2),
    "a join on no key": ("select p.run_id, l.run_id from predictions p join latest l on p.horizon < l.term", ALL),
    "what stands left": (f"select p.* from latest l join predictions p on {BOTH}", ALL),
    "a left join": (f"select p.*, l.term from predictions p left join latest l on {BOTH}", ALL),
    "a left join and its absence": (
        f"select p.* from predictions p left join latest l on {BOTH} where l.run_id is null", ALL),
    "a left join and a value": (
        f"select p.run_id, l.term from predictions p left join latest l on {BOTH} where p.dataset = 'eu'", 2),
    "the right of a left join": (
        f"select l.run_id, p.ticker from latest l left join predictions p on {BOTH} and p.run_id = 'eu-2'", 1),
    "absence of the right of a left join": (
        "select l.run_id, p.run_id from latest l left join predictions p on p.dataset = l.dataset "
        "where p.run_id = 'us-1' or p.run_id is null", ALL),
    "a right join": (f"select p.run_id, l.run_id from predictions p right join latest l on {BOTH}", ALL),
    "a full join": (
        f"select p.run_id, l.run_id from predictions p full join latest l on {BOTH} and l.dataset = 'eu'", ALL),
    "in": ("select * from predictions where run_id in (select run_id from latest)", 2),
    "in, of two": ("select * from predictions where (dataset, run_id) in (select dataset, run_id from latest)", 2),
    "not in": ("select * from predictions where run_id not in (select run_id from latest)", 4),
    "the greatest": ("select * from predictions where run_id = (select max(run_id) from latest)", 1),
    "of the same table": (
        "select * from predictions where run_id = (select max(run_id) from predictions where dataset = 'eu')", 2),
    "exists": (
        "select * from predictions p where exists (select 1 from latest where run_id = p.run_id and term = 5)", 1),
    "exists by what is no key": (
        "select * from predictions p where exists (select 1 from latest l where l.run_id = p.run_id "
        "and l.schema > p.horizon and p.ticker = 'A')", ALL),
    "a subquery": ("select p.* from predictions p join (select run_id from latest where term = 2) l "
                   "on l.run_id = p.run_id", 1),
    "a named query": (
        "with n as (select * from latest), m as (select n.run_id from n where term = 5) "
        "select p.* from predictions p join m on m.run_id = p.run_id", 1),
    "within a named query": (
        "with n as (select * from latest), m as (select p.* from predictions p join n l on l.run_id = p.run_id) "
        "select count(*) from m join predictions q on q.run_id = m.run_id where q.dataset = 'us'", 4),
    "a named query of the table's name": (
        "with latest as (select 'us-3' as run_id) select p.* from predictions p "
        "join latest l on l.run_id = p.run_id", 1),
    "twice": (
        "select a.run_id, b.run_id from predictions a join predictions b on a.ticker = b.ticker and a.split = b.split "
        "where a.run_id = 'us-1' and b.run_id = 'us-2'", 2),
    "united": ("select * from predictions where run_id = 'us-1' union all select * from predictions "
               "where run_id = 'uk-1'", 2),
    "through three": (
        "select p.* from predictions p join runs r on r.run_id = p.run_id join latest l on l.run_id = r.run_id "
        "where l.dataset = 'us'", 1),
    "some of another": (
        "select p.* from predictions p join (select run_id from latest order by term limit 1) l "
        "on l.run_id = p.run_id", ALL),
    "at random": ("select count(*) >= 0 from predictions where run_id < 'v' and random() < 2", ALL),
    "an array": (
        "select p.run_id, n from predictions p cross join unnest(array[1, 2]) as u(n) where p.run_id = 'us-1'", 1),
    "a group": ("select dataset, count(*) from predictions where dataset <> 'uk' group by dataset "
                "having max(run_id) > 'f'", 5),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_query_reads_the_partitions_that_can_matter_and_answers_as_without_any(lake, form):
    sql, objects = FORMS[form]
    found, rows = read(lake, sql)
    assert found == objects
    assert rows == read(lake, sql.replace("predictions", "flat").replace("Predictions", "flat"))[1]


@pytest.mark.parametrize(
    "condition", ["run_id = 7", "run_id = nothing", "run_id in (select nothing from latest)", "nope(run_id)"]
)
def test_what_is_wrong_with_a_condition_is_said_as_of_a_table_without_partitions(lake, condition):
    asked, flat = (lake.ask(f"select * from {name} where {condition}") for name in ("predictions", "flat       "))
    assert asked.state == "FAILED"
    assert asked.reason == flat.reason


CONDITIONS = (
    "a.run_id = b.run_id", "a.dataset = b.dataset", "a.run_id > 'us'", "b.run_id <> 'eu-1'", "a.horizon = 1",
    "b.rows > 103", "a.forecast < 105 or a.run_id = 'uk-1'", "b.dataset = 'us'", "a.dataset is not null",
    "b.run_id is null", "coalesce(a.run_id, b.run_id) < 'us-2'",
)  # fmt: skip


@pytest.mark.parametrize("count", [24, pytest.param(240, marks=pytest.mark.thorough)])
def test_any_joins_answer_as_without_partitions(lake, count):
    """Of tables with partitions on both sides, by any join and any two conditions in either place."""
    assert lake.ask(f"create table flat_runs_{count} as select * from runs").state == "SUCCEEDED"
    joins = ("join", "left join", "right join", "full join")
    every = list(itertools.product(joins, CONDITIONS, CONDITIONS, CONDITIONS))
    for join, on, other, where in random.Random(17).sample(every, count):  # noqa: S311  always the same
        sql = f"select a.run_id, a.split, b.run_id from predictions a {join} runs b on {on} and {other} where {where}"
        flat = sql.replace("predictions", "flat").replace("runs", f"flat_runs_{count}")
        assert read(lake, sql)[1] == read(lake, flat)[1], sql
