"""How stockcast fetches the objects of a run, of which retention may take some meanwhile."""

import datetime
import threading
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from common import keys
from stockcast import dataset, export, failures, follow, results, run
from stocks.dataset.uploads import Upload, Verdict
from tests.support.stockcast import stack
from tools.aws import Problem

RUN = "dataset=us/run_id=us-0"


@pytest.fixture
def lake(monkeypatch, buckets):
    for number in range(30):
        buckets.put_object(Bucket="lake", Key=f"tickers/{RUN}/{number:05d}.parquet", Body=str(number).encode())
    return stack(monkeypatch, s3=buckets)


def test_objects_are_copied_and_those_that_have_gone_are_named(lake, tmp_path):
    keys = [f"tickers/{RUN}/{number:05d}.parquet" for number in range(32)]
    assert results.download(lake, {key: tmp_path / key for key in keys}) == keys[30:]
    assert [(tmp_path / key).read_text() for key in keys[:30]] == [str(number) for number in range(30)]
    assert len([file for file in tmp_path.rglob("*") if file.is_file()]) == 30


def test_several_are_under_way_at_once(lake, monkeypatch, tmp_path):
    """Each waits until another one has begun, which none does where they come one by one."""
    both = threading.Barrier(2, timeout=20)

    def download_file(_bucket: str, _key: str, _file: str, **_: object) -> None:
        both.wait()

    monkeypatch.setattr(lake.client("s3"), "download_file", download_file)
    assert results.download(lake, {f"a/{number}": tmp_path / str(number) for number in range(8)}) == []


def test_another_error_is_no_object_that_has_gone(lake, monkeypatch, tmp_path):
    def refuse(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")

    monkeypatch.setattr(lake.client("s3"), "download_file", refuse)
    with pytest.raises(ClientError, match="AccessDenied"):
        results.download(lake, {"a": tmp_path / "a"})


def test_a_run_that_is_deleted_while_it_is_fetched_is_said(lake, monkeypatch, tmp_path):
    listed = list(results.runs.objects(lake.client("s3"), "lake", f"tickers/{RUN}/"))
    monkeypatch.setattr(results.runs, "objects", lambda *_: [*listed, {"Key": f"tickers/{RUN}/gone.parquet"}])
    with pytest.raises(Problem, match=r"gone.parquet was deleted while it was fetched; `stockcast runs --stack dev`"):
        results._copy(lake, f"tickers/{RUN}/", tmp_path)


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "SlowDown", "Message": "reduce"}}, "GetObject"),
        EndpointConnectionError(endpoint_url="http://x"),
        Problem("no results.duckdb was written"),
    ],
)
def test_a_run_that_was_published_stays_so_where_its_files_for_people_cannot_be_written(
    lake, monkeypatch, tmp_path, capsys, error
):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(export, "write", fail)
    assert run._export(lake, "us", "us-0", tmp_path) is False
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "results.duckdb" in said


def test_the_export_fetches_what_the_folder_lacks_only(lake, monkeypatch, tmp_path):
    """Of other runs their rows and futures, of this one nothing, since the folder has it; and no other dataset's."""
    s3 = lake.client("s3")
    other = "dataset=us/run_id=us-1"
    wanted = {
        f"runs/{other}/00000.parquet", f"tickers/{other}/00000.parquet", f"predictions/{other}/future-00000.parquet",
        "verdicts/dataset=us/F1.json", "files/F1.parquet", "latest/us.json",
    }  # fmt: skip
    for key in wanted | {
        f"predictions/{other}/test-00000.parquet", f"prices/{other}/00000.parquet", f"metrics/{other}/00000.parquet",
        f"runs/{RUN}/00000.parquet", f"predictions/{RUN}/future-00000.parquet", "files/F2.parquet",
        "runs/dataset=us-two/run_id=us-two-1/00000.parquet", "latest/us-two.json",
    }:  # fmt: skip
        s3.put_object(Bucket="lake", Key=key, Body=b"x")
    for table in results.TABLES:
        (tmp_path / "out" / table).mkdir(parents=True)
        (tmp_path / "out" / table / "00000.parquet").write_text("of the run")
    fetched: dict = {}
    monkeypatch.setattr(results, "download", lambda _, wanted: fetched.update(wanted))
    export._gather(lake, "us", "us-0", tmp_path / "out", tmp_path / "lake")
    assert set(fetched) == wanted - {"verdicts/dataset=us/F1.json"}
    for table in results.TABLES:
        assert (tmp_path / "lake" / table / RUN / "00000.parquet").read_text() == "of the run"


@pytest.mark.parametrize(
    ("uploaded", "said"),
    [
        (0, ""),
        (1, "1 of 2 files were dropped and stay"),
        (2, "2 of 2 files were dropped and stay; `stockcast follow us"),
    ],
)
def test_ctrl_c_says_what_was_dropped(lake, monkeypatch, uploaded, said):
    def upload(file: Path, dataset: str, _stack: object) -> dict[str, str]:
        if file.name == str(uploaded):
            raise KeyboardInterrupt
        return {"bucket": "incoming", "key": f"incoming/{dataset}/{file}", "version_id": "1"}

    def find_executions(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_upload", upload)
    monkeypatch.setattr(run, "typed", lambda: "stockcast")
    monkeypatch.setattr(follow, "find_executions", find_executions)
    with pytest.raises(failures.Interrupted) as interrupted:
        run.drop([Path("0"), Path("1")], "us", lake)
    assert str(interrupted.value).startswith(said)
    assert bool(str(interrupted.value)) == bool(uploaded)


def test_files_are_said_with_their_verdicts_before_there_are_tables(lake):
    def upload(name: str) -> Upload:
        return Upload("incoming", f"incoming/us/{name}", "1", datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC))

    for verdict in (
        Verdict(upload("a.csv"), "arn:0", "", accepted=False, reason="line 2: no price"),
        Verdict(upload("b.csv"), "arn:1", "", accepted=True, folder="history/"),
    ):
        key = keys.verdict("us", verdict.upload.id)
        lake.client("s3").put_object(Bucket="lake", Key=key, Body=verdict.to_json().encode())
    dropped = [(f"incoming/us/{name}", "1") for name in ("a.csv", "b.csv", "c.csv")]
    assert list(dataset.beside_the_table(lake, "us", [*dropped, ("incoming/us/a.csv", "2")])) == [
        "rejected: incoming/us/a.csv: line 2: no price",
        "accepted: incoming/us/b.csv",
        "waits for its verdict: incoming/us/c.csv",
        "waits for its verdict: incoming/us/a.csv",
    ]
