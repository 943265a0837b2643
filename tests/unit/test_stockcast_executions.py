"""What stockcast says of executions, and that it deletes no dataset while one is under way."""

import pytest

from stockcast import delete_dataset, executions, follow, runs
from tests.support.stockcast import States, arguments, stack
from tools.aws import Problem, forget


@pytest.fixture
def states():
    return States()


def listed(monkeypatch, capsys, states, dataset, limit=20) -> str:
    stack(monkeypatch, stepfunctions=states)
    assert runs.command(arguments(dataset=dataset, limit=limit)) == 0
    return capsys.readouterr().out


def test_a_name_that_none_has_is_looked_for_among_some_hundred(monkeypatch, capsys, states):
    for _ in range(1000):
        states.add("us")
    said = listed(monkeypatch, capsys, states, "zzz")
    assert said == (
        "the newest 300 executions are none of zzz; `stockcast dataset zzz --stack dev` tells of older runs\n"
    )
    assert states.described <= executions.LOOKED_AT + 1
    assert "none of uss; did you mean us?" in listed(monkeypatch, capsys, states, "uss")


def test_follow_looks_no_further_either(monkeypatch, states):
    for _ in range(1000):
        states.add("us")
    stack(monkeypatch, stepfunctions=states)
    with pytest.raises(Problem, match=r"nothing runs of uss, and the newest 300 .* of uss; did you mean us"):
        follow.command(arguments(dataset="uss"))
    assert states.described <= executions.LOOKED_AT + 1


def test_of_few_executions_all_are_looked_at(monkeypatch, capsys, states):
    states.add("us")
    assert listed(monkeypatch, capsys, states, "zzz") == (
        "no execution of zzz is known; `stockcast runs --stack dev` lists them\n"
    )
    states.known.clear()
    assert listed(monkeypatch, capsys, states, None) == (
        "no execution is known; `stockcast run FILE --stack dev` starts one\n"
    )


@pytest.mark.parametrize(
    ("others", "limit", "said"),
    [(0, 20, "2 executions"), (400, 20, "2 executions among the newest 300 of all datasets"), (400, 2, "2 executions")],
)
def test_a_list_that_is_cut_says_so(monkeypatch, capsys, states, others, limit, said):
    for _ in range(others):
        states.add("eu")
    states.add("us")
    states.add("us")
    shown = listed(monkeypatch, capsys, states, "us", limit)
    assert shown.splitlines()[-1] == said
    assert shown.count("prices.csv") == 2


def test_as_many_are_shown_as_were_asked_for(monkeypatch, capsys, states):
    for _ in range(500):
        states.add("us")
    assert listed(monkeypatch, capsys, states, "us", 450).splitlines()[-1] == "450 executions"
    assert listed(monkeypatch, capsys, states, None, 450).splitlines()[-1] == "450 executions"


@pytest.fixture
def deleted(monkeypatch, buckets, states):
    """deleted(yes=...) deletes the dataset us, which nobody leads, and gives the exit code; `went` has what went."""
    buckets.put_object(Bucket="lake", Key="leads/us.json", Body=b'{"holder": ""}')
    went: list[str] = []

    def part() -> int:
        went.append("lease")
        buckets.delete_object(Bucket="lake", Key="leads/us.json")
        return 1

    monkeypatch.setattr(forget, "held", lambda stack, dataset: [("notes and the lease", part)])
    stack(monkeypatch, stepfunctions=states, s3=buckets)
    monkeypatch.setattr(delete_dataset, "uploads", lambda stack: {"us": [("incoming/us/a.csv", "1")]})

    def delete(yes: bool = True) -> int:
        return delete_dataset.command(arguments(name="us", yes=yes))

    delete.went = went
    return delete


def test_nothing_is_deleted_while_an_execution_of_the_dataset_runs_that_does_not_lead(deleted, states):
    arn = states.add("US", status="RUNNING")  # the same dataset, however its folder is written
    with pytest.raises(Problem, match=f"an execution of us is under way: .*{arn}"):
        deleted()
    assert deleted.went == []


def test_executions_of_other_datasets_and_those_that_have_ended_hinder_nothing(deleted, states):
    states.add("us")
    states.add("us-two", status="RUNNING")
    assert deleted() == 0
    assert deleted.went == ["lease"]


def test_what_comes_while_somebody_thinks_about_it_is_seen(monkeypatch, deleted, states, buckets):
    def led() -> None:
        arn = states.add("eu", status="RUNNING")  # whatever it is of: it holds the lease
        buckets.put_object(Bucket="lake", Key="leads/us.json", Body=f'{{"holder": "{arn}"}}'.encode())

    for came in (lambda: states.add("us", status="RUNNING"), led):
        states.known.clear()
        monkeypatch.setattr(delete_dataset, "confirmed", lambda *_, came=came: bool(came() or True))
        with pytest.raises(Problem, match="is under way"):
            deleted(yes=False)
        assert deleted.went == []


def test_who_does_not_mean_it_deletes_nothing(monkeypatch, deleted):
    monkeypatch.setattr(delete_dataset, "confirmed", lambda *_: False)
    assert deleted(yes=False) == 1
    assert deleted.went == []
