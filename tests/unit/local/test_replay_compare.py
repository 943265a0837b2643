"""What differs between two runs' files, and what the steps of a replay may write."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.replay import compare
from local.replay.scratch import Place, Scratch
from tests.support import memory_s3

TICKERS = pa.schema([("ticker", pa.string()), ("basis", pa.float64()), ("notes", pa.list_(pa.string()))])
ONE = [{"ticker": "A", "basis": 1.0, "notes": []}, {"ticker": "B", "basis": None, "notes": ["x"]}]


def body(rows: list[dict], schema: pa.Schema = TICKERS, **options) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), sink, **options)
    return sink.getvalue()


def compared(published: dict[str, bytes], again: dict[str, bytes]) -> compare.Compared:
    """Of two runs with these files of tickers and no others."""
    nothing: dict[str, compare.Files] = {key: {} for key in compare.PARTS}
    files = [{name: lambda body=body: body for name, body in given.items()} for given in (published, again)]
    return compare.files(nothing | {"tickers": files[0]}, nothing | {"tickers": files[1]})


def differing(before: list[dict], now: list[dict]) -> list[str]:
    return compared({"0.parquet": body(before)}, {"0.parquet": body(now)}).differs


def test_equal_files_are_the_same_and_those_that_the_run_lacks_are_gone():
    found = compared({"0.parquet": body(ONE)}, {"0.parquet": body(ONE)})
    assert (found.differs, found.same) == ([], ["tickers"])
    assert found.gone == [part for part in compare.PARTS if part != "tickers"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"basis": 2.0}, ["tickers, column basis: 1 row of 2 differ (0.parquet)"]),
        ({"basis": None}, ["tickers, column basis: 1 row of 2 differ (0.parquet)"]),
        ({"notes": ["y"]}, ["tickers, column notes: 1 row of 2 differ (0.parquet)"]),
        ({"notes": None}, ["tickers, column notes: 1 row of 2 differ (0.parquet)"]),
        ({"ticker": "C"}, ["tickers, 1 row in the run only (0.parquet)", "tickers, 1 row now only (0.parquet)"]),
    ],
)
def test_a_changed_value_is_said_by_its_column_and_a_changed_name_by_its_row(change, said):
    assert differing(ONE, [ONE[0] | change, ONE[1]]) == said


def test_a_value_in_place_of_null_differs():
    assert differing(ONE, [ONE[0], ONE[1] | {"basis": 0.0}]) == ["tickers, column basis: 1 row of 2 differ (0.parquet)"]


def test_columns_of_rows_that_both_have_are_compared_beside_a_lost_row():
    rows = [{"ticker": name, "basis": 1.0, "notes": []} for name in "ABC"]
    assert differing(rows, [rows[2] | {"basis": 3.0}, rows[1]]) == [
        "tickers, 1 row in the run only (0.parquet)",
        "tickers, column basis: 1 row of 2 differ (0.parquet)",
    ]


def test_equal_values_in_other_bytes_differ():
    found = compared({"0.parquet": body(ONE)}, {"0.parquet": body(ONE, compression="none")})
    assert found.differs == ["tickers, the bytes differ and every value is equal (0.parquet)"]
    assert found.same == []


def test_an_order_of_rows_that_changed_differs():
    assert differing(ONE, ONE[::-1]) == ["tickers, the bytes differ and every value is equal (0.parquet)"]


def test_columns_that_came_or_went_differ():
    less = [{"ticker": "A", "basis": 1.0}]
    now = {"0.parquet": body(less, pa.schema(list(TICKERS)[:2]))}
    assert compared({"0.parquet": body(ONE)}, now).differs == ["tickers, columns or their types differ (0.parquet)"]


def test_files_that_only_one_has_are_named():
    one, two = {"0.parquet": body(ONE)}, {"1.parquet": body(ONE)}
    said = ["tickers, file 0.parquet: in the run only", "tickers, file 1.parquet: now only"]
    assert compared(one, two).differs == said
    assert compared(one, {}).differs == said[:1]


def test_rows_of_runs_are_compared_by_what_the_run_made_and_parameters_by_their_names():
    before = {"table_hash": "a", "base_run": "x", "cost_usd": 1.0, "gates": [0.0], "old": 1}
    assert list(compare.rows(before, before | {"base_run": "", "cost_usd": None, "new": 2})) == []
    assert list(compare.rows(before, {"table_hash": "b", "gates": [0.5]})) == [
        "runs, column table_hash: a in the run, b now",
        "runs, column gates: [0.0] in the run, [0.5] now",
    ]
    said = list(compare.rows({"parameters": '{"epochs": 6, "numpy": "2"}'}, {"parameters": '{"epochs": 7}'}))
    assert said == ["runs, parameter epochs: 6 in the run, 7 now", "runs, parameter numpy: 2 in the run, None now"]


@pytest.fixture
def scratch(tmp_path):
    made = Scratch(memory_s3.S3(), tmp_path, Place("work", "runs/us-again/"))
    made.stack.put_object(Bucket="lake", Key="leads/us.json", Body=b"theirs")
    return made


def listed(scratch: Scratch, prefix: str) -> list[str]:
    pages = scratch.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", [])]


def test_only_what_sagemaker_reads_is_written_into_a_bucket(scratch):
    for bucket, key in (("work", "runs/us-again/x"), ("work", "runs/us-other/x"), ("lake", "runs/us-again/x")):
        scratch.put_object(Bucket=bucket, Key=key, Body="text", ContentType="text/plain")
        assert scratch.get_object(Bucket=bucket, Key=key)["Body"].read() == b"text"
    assert set(scratch.stack.objects) == {("work", "runs/us-again/x"), ("lake", "leads/us.json")}


def test_what_a_step_wrote_hides_what_the_stack_has_and_is_listed_beside_it(scratch):
    scratch.put_object(Bucket="lake", Key="leads/us.json", Body=b"ours", ContentType="application/json")
    scratch.put_object(Bucket="lake", Key="leads/us-2.json", Body=b"ours", ContentType="application/json")
    assert scratch.get_object(Bucket="lake", Key="leads/us.json")["Body"].read() == b"ours"
    assert scratch.stack.objects["lake", "leads/us.json"] == b"theirs"
    assert sorted(set(listed(scratch, "leads/"))) == ["leads/us-2.json", "leads/us.json"]
    found = scratch.list_objects_v2(Bucket="lake", Prefix="leads/us-2.json", MaxKeys=1)
    assert [one["Key"] for one in found["Contents"]] == ["leads/us-2.json"]
    assert listed(scratch, "predictions/") == []


@pytest.mark.parametrize(("asked", "part"), [("bytes=-3", b"456"), ("bytes=-9", b"123456"), ("bytes=1-2", b"23")])
def test_a_part_of_a_file_is_read_by_its_place_whoever_has_it(scratch, asked, part):
    scratch.put_object(Bucket="work", Key="runs/us-again/x", Body=b"123456", ContentType="text/plain")
    scratch.stack.put_object(Bucket="work", Key="runs/us-other/x", Body=b"123456")
    for key in ("runs/us-again/x", "runs/us-other/x"):
        answer = scratch.get_object(Bucket="work", Key=key, Range=asked)
        assert answer["Body"].read() == part
        assert answer["ContentRange"].endswith("/6")


def test_nothing_can_be_deleted_or_written_on_conditions(scratch):
    assert not hasattr(scratch, "delete_object")
    with pytest.raises(NotImplementedError):
        scratch.put_object(Bucket="lake", Key="leads/us.json", Body=b"", ContentType="", IfMatch="x")
    with pytest.raises(NotImplementedError):
        scratch.get_paginator("list_object_versions")
