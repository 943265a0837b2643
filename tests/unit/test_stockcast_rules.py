"""`stockcast run` judges a file by what the stack would judge it by, before anything is uploaded."""

import json

import pytest
from botocore.exceptions import ClientError

from local import cloud, deploy
from stockcast import check, rules, run, target
from tests.support.stockcast import arguments, stack
from tools.aws import Problem

BAD_ROWS = 30  # of 200: above the default tolerance, below .2
LAPTOP = check.by_parameters({})


def prices(fraction: str = ".1", bad: int = 0) -> str:
    rows = [f"2020-{1 + day // 28:02}-{1 + day % 28:02};{100 + day}{fraction}" for day in range(200)]
    return "\n".join(["date;close", *rows[bad:], *["2020-01-01;nonsense"] * bad]) + "\n"


@pytest.fixture
def deployed(monkeypatch, buckets):
    """deployed(settings, **parameters): the stack on AWS has these, and the folder US/ has this settings.json."""

    def make(settings: object = None, **parameters: str) -> target.Target:
        made = stack(monkeypatch, s3=buckets)
        made.parameters.update(parameters)
        if settings is not None:
            body = settings if isinstance(settings, str) else json.dumps(settings)
            buckets.put_object(Bucket="incoming", Key="incoming/US/settings.json", Body=body.encode())
        return made

    return make


def accepted(tmp_path, body: str) -> bool:
    """Whether `run` would upload the file: without any, it ends before."""
    (tmp_path / "p.csv").write_text(body)
    given = arguments(csv=[str(tmp_path / "p.csv")], dataset="us", out=str(tmp_path / "out"))
    try:
        return run.command(given) != 1
    except Uploaded:
        return True


class Uploaded(Exception):
    pass


@pytest.fixture(autouse=True)
def _no_upload(monkeypatch):
    def upload(*_: object) -> None:
        raise Uploaded

    monkeypatch.setattr(run, "_upload", upload)


@pytest.mark.parametrize(
    ("tolerance", "settings", "taken"),
    [
        (None, None, False),
        ("0.2", None, True),
        ("0", {"bad_row_tolerance": 0.2}, True),
        ("0.2", {"bad_row_tolerance": 0}, False),
    ],
)
def test_the_tolerance_is_the_stacks_and_the_datasets_own_goes_before_it(
    deployed, tmp_path, tolerance, settings, taken
):
    deployed(settings, **({"BadRowTolerance": tolerance} if tolerance else {}))
    assert accepted(tmp_path, prices(bad=BAD_ROWS)) is taken


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (None, "'100,125' may have a decimal or a thousands sign"),
        ({"decimal": "point"}, "last 299125"),
        ({"decimal": "comma"}, "last 299.125"),
    ],
)
def test_the_decimal_sign_is_the_datasets(deployed, tmp_path, capsys, settings, said):
    deployed(settings)
    assert accepted(tmp_path, prices(",125")) is bool(settings)
    assert said in capsys.readouterr().out


def test_the_test_period_is_the_stacks(deployed):
    assert rules.of_stack(deployed(TestFraction="0.4"), "us").test_fraction == 0.4
    assert rules.of_stack(deployed({"test_fraction": 0.3}), "us").test_fraction == 0.3
    assert rules.of_stack(deployed(), "eu").test_fraction == LAPTOP.test_fraction


def test_settings_that_cannot_be_used_are_said_before_anything_is_judged(deployed, tmp_path):
    deployed('{"decimal": "dot"}')
    with pytest.raises(Problem, match=r'settings.json has 1 error.*"decimal".*It is incoming/US/settings.json, and no'):
        accepted(tmp_path, prices())
    assert not (tmp_path / "out").exists()


def test_who_may_not_read_the_settings_hears_that_they_were_not_asked(deployed, capsys, monkeypatch):
    made = deployed({"bad_row_tolerance": 0})

    def refuse(**_: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")

    monkeypatch.setattr(made.client("s3"), "get_object", refuse)
    assert rules.of_stack(made, "us") == LAPTOP
    assert "you may not read settings.json of us, so files are judged without it" in capsys.readouterr().out


def test_the_laptops_cloud_is_asked_if_it_is_up_and_need_not_be(monkeypatch, deployed):
    made = deployed({"bad_row_tolerance": 0.3})
    monkeypatch.setattr(cloud, "settings", lambda: None)
    assert rules.of_laptop("us") == LAPTOP
    monkeypatch.setattr(cloud, "settings", lambda: {"endpoint": "http://127.0.0.1:1"})
    monkeypatch.setattr(deploy, "outputs", lambda: made.outputs)
    monkeypatch.setattr(cloud, "client", made.client)
    assert rules.of_laptop("us").bad_row_tolerance == 0.3

    def none() -> dict[str, str]:
        raise cloud.CloudError("the cloud is up without a stack")

    monkeypatch.setattr(deploy, "outputs", none)
    assert rules.of_laptop("us") == LAPTOP


def test_a_stack_that_is_not_there_leaves_no_folder(monkeypatch, tmp_path):
    def none(_arguments: object) -> None:
        raise Problem("there is no stack dev")

    monkeypatch.setattr(target, "of", none)
    with pytest.raises(Problem, match="there is no stack"):
        accepted(tmp_path, prices())
    assert not (tmp_path / "out").exists()
