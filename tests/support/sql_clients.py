"""Real clients, unchanged, asked as analysts ask them: .venv-clients/bin/python sql_clients.py CLIENT SQL...

Only AWS's own environment variables say where the cloud is; WORK_GROUP, DATABASE and STAGING come from the stack's
outputs. Prints one {"records", "dtypes", "seconds"} per statement. duckdb and pandas take a folder of Parquet instead.
"""

import json
import os
import sys
import time

GROUP, DATABASE = os.environ.get("WORK_GROUP", ""), os.environ.get("DATABASE", "")


def boto3(sql):
    import boto3

    athena = boto3.client("athena")
    query = athena.start_query_execution(
        QueryString=sql, WorkGroup=GROUP, QueryExecutionContext={"Database": DATABASE}
    )["QueryExecutionId"]
    while (status := athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"])["State"] in (
        "QUEUED",
        "RUNNING",
    ):
        time.sleep(0.05)
    assert status["State"] == "SUCCEEDED", status
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query, PaginationConfig={"PageSize": 7})
    rows = [[value.get("VarCharValue") for value in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
    import pandas

    return pandas.DataFrame(rows[1:], columns=rows[0])


def pyathena(sql):
    import pandas
    from pyathena import connect

    cursor = connect(work_group=GROUP, schema_name=DATABASE).cursor()
    cursor.execute(sql)
    return pandas.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])


def pyathena_parameters(sql):
    import pandas
    from pyathena import connect

    cursor = connect(work_group=GROUP, schema_name=DATABASE).cursor()
    cursor.execute(sql, ["'ALDER'", "1"], paramstyle="qmark")
    return pandas.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])


def pyathena_pandas(sql):
    from pyathena import connect
    from pyathena.pandas.cursor import PandasCursor

    return connect(work_group=GROUP, schema_name=DATABASE, cursor_class=PandasCursor).cursor().execute(sql).as_pandas()


def pyathena_unload(sql):
    from pyathena import connect
    from pyathena.pandas.cursor import PandasCursor

    connection = connect(work_group=GROUP, schema_name=DATABASE, s3_staging_dir=os.environ["STAGING"])
    return connection.cursor(PandasCursor, unload=True).execute(sql).as_pandas()


def sqlalchemy(sql):
    import pandas
    from sqlalchemy import create_engine, inspect

    engine = create_engine(f"awsathena+rest://athena.us-east-1.amazonaws.com:443/{DATABASE}?work_group={GROUP}")
    assert {"predictions", "latest_forecast"} <= {*inspect(engine).get_table_names(), *inspect(engine).get_view_names()}
    return pandas.read_sql_query(sql, engine)


def awswrangler(sql):
    import awswrangler

    return awswrangler.athena.read_sql_query(sql, DATABASE, workgroup=GROUP)


def awswrangler_csv(sql):
    import awswrangler

    return awswrangler.athena.read_sql_query(sql, DATABASE, workgroup=GROUP, ctas_approach=False)


def duckdb(folder):
    import duckdb

    return duckdb.sql(f"from read_parquet('{folder}/**/*.parquet', hive_partitioning = true)").df()


def pandas(folder):
    import pandas

    return pandas.read_parquet(folder)


def answer(client, sql):
    started = time.monotonic()
    frame = client(sql)
    seconds = time.monotonic() - started
    records = json.loads(frame.to_json(orient="records", date_format="iso", double_precision=15))
    dtypes = {name: str(kind) for name, kind in frame.dtypes.items()}
    return {"records": records, "dtypes": dtypes, "seconds": seconds}


if __name__ == "__main__":
    chosen = globals()[sys.argv[1]]
    print(json.dumps([answer(chosen, sql) for sql in sys.argv[2:]]))
