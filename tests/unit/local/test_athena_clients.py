"""What awswrangler and PyAthena send beside queries, by the clients themselves."""

import json
import subprocess

import pytest

from local import cloud
from tests.support.athena_lake import BUCKET, DATABASE, GROUP, Lake, run_row
from tests.support.cloud import ROOT

PYTHON = ROOT / ".venv-clients" / "bin" / "python"
WRANGLER = f"import awswrangler, json\nathena, there = awswrangler.athena, {{'database': '{DATABASE}'}}\n"
PYATHENA = f"""
import json, pyathena
connection = pyathena.connect(work_group='{GROUP}', schema_name='{DATABASE}', s3_staging_dir='s3://{BUCKET}/athena/')
"""


@pytest.fixture(scope="module")
def said(laptop, tmp_path_factory):
    """said(program) -> what it printed as JSON"""
    lake = Lake(laptop)
    lake.make()
    lake.put("runs", "us", "us-1", run_row())
    lake.register()
    variables = {name: value for name, value in cloud.variables().items() if name.startswith("AWS_")}
    variables |= {"HOME": str(tmp_path_factory.mktemp("home"))}

    def run(program):
        done = subprocess.run([PYTHON, "-c", program], env=variables, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_awswrangler_describes_a_table(said):
    described = said(f"{WRANGLER}print(athena.describe_table('runs', workgroup='{GROUP}', **there).to_json())")
    names, kinds, keys = (list(described[key].values()) for key in ("Column Name", "Type", "Partition"))
    assert names[:2] == ["term", "inputs"]
    assert kinds[:2] == ["bigint", "string"]
    assert [name for name, key in zip(names, keys, strict=True) if key] == ["dataset", "run_id"]


def test_awswrangler_shows_how_a_table_is_created(said):
    shown = said(f"{WRANGLER}print(json.dumps(athena.show_create_table('runs', workgroup='{GROUP}', **there)))")
    assert shown.startswith("CREATE EXTERNAL TABLE `runs`( `term` bigint, `inputs` string,")
    assert "PARTITIONED BY ( `dataset` string, `run_id` string)" in shown
    assert f"LOCATION 's3://{BUCKET}/runs" in shown


@pytest.mark.parametrize(
    "way", ["", "ctas_approach=False, ", f"ctas_approach=False, unload_approach=True, s3_output='s3://{BUCKET}/u/', "]
)
def test_awswrangler_passes_question_marks_whichever_way_it_reads(said, way):
    asked = "athena.read_sql_query('select dataset, rows / 3 as third from runs where dataset = ? and rows > ?', "
    rest = f"""workgroup='{GROUP}', params=["'us'", "1"], paramstyle='qmark', **there)"""
    assert said(f"{WRANGLER}print({asked}{way}{rest}.to_json())") == {"dataset": {"0": "us"}, "third": {"0": 66}}


def test_pyathena_describes_and_shows(said):
    program = (
        "cursor = connection.cursor()\nshown = [cursor.execute(sql).fetchall() for sql in {}]\nprint(json.dumps(shown))"
    )
    shown = said(PYATHENA + program.format(["describe runs", "show create table runs", "show partitions runs"]))
    assert [cell.strip() for cell in shown[0][0]] == ["term", "bigint", ""]
    assert shown[1][0] == ["CREATE EXTERNAL TABLE `runs`("]
    assert shown[2] == [["dataset=us/run_id=us-1"]]
