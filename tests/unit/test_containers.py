"""Pin asks the registry for what the tags of AWS's containers mean, and writes that into samconfig.toml."""

import re
import tomllib

import botocore.client
import pytest

from tests.support import account
from tests.support.account import DIGEST, Refusal
from tests.support.template import ROOT, template
from tools.aws import Problem, containers
from tools.aws import __main__ as program

CONFIG = (ROOT / "samconfig.toml").read_text()
OVERRIDES = "LogRetentionDays=90 ReservedCleanUps=5"  # of prod
VALUES = {"TrainingImage": f"tensorflow-training@{DIGEST}", "InferenceImage": f"tensorflow-inference@{DIGEST}"}
BOTH = "TrainingImage={TrainingImage} InferenceImage={InferenceImage}".format(**VALUES)


@pytest.fixture
def pin(monkeypatch, tmp_path, capsys):
    """pin(ARGUMENT..., OPERATION=ANSWER...) -> exit code, what it says, and what samconfig.toml is then."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "123456789012")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setattr(containers, "CONFIG", tmp_path / "samconfig.toml")
    containers.CONFIG.write_text(CONFIG)

    def run(*arguments, **answers):
        world = account.Account(account.healthy() | answers)
        monkeypatch.setattr(
            botocore.client.BaseClient, "_make_api_call", lambda client, *given: world.call(client, *given)
        )
        code = program.main(["pin", *arguments])
        return code, capsys.readouterr().out, containers.CONFIG.read_text()

    return run


def overrides(text, environment):
    return tomllib.loads(text)[environment]["global"]["parameters"].get("parameter_overrides")


def test_the_digests_of_the_templates_tags_are_written_beside_what_stands(pin):
    code, said, written = pin("--config-env", "prod", "--region", "eu-central-1")
    assert code == 0
    assert overrides(written, "prod") == f"{OVERRIDES} {BOTH}"
    assert f"TrainingImage: tensorflow-training:2.21-cpu-py312 is tensorflow-training@{DIGEST}" in said
    remark = r"# Pinned by make pin on \d{4}-\d\d-\d\d in eu-central-1: tensorflow-training:2.21-cpu-py312, .+\n"
    assert len(re.findall(remark, written)) == 1
    assert re.sub(rf"{remark}.+\n", f'parameter_overrides = "{OVERRIDES}"\n', written) == CONFIG


def test_a_table_without_overrides_gets_them_and_another_pin_replaces_them(pin):
    other = "sha256:" + "1" * 64
    pin("--region", "us-east-1", BatchGetImage={"images": [{"imageId": {"imageDigest": other}}]})
    _, _, written = pin("--region", "us-east-1")
    assert overrides(written, "default") == BOTH
    assert other not in written
    assert written.count("# Pinned by make pin") == 1
    assert [overrides(written, name) for name in ("prod", "local")] == [overrides(CONFIG, n) for n in ("prod", "local")]


def test_each_region_is_asked_in_the_account_that_has_its_containers(pin):
    asked = []

    def answer(given):
        asked.append((given["registryId"], given["repositoryName"], given["imageIds"]))
        return account.HAVING

    pin("--region", "eu-central-2", BatchGetImage=answer)
    assert asked == [
        ("380420809688", "tensorflow-training", [{"imageTag": "2.21-cpu-py312"}]),
        ("380420809688", "tensorflow-inference", [{"imageTag": "2.20-cpu-py312"}]),
    ]


@pytest.mark.parametrize(
    ("arguments", "answers", "words"),
    [
        ([], {}, "no region is chosen"),
        (["--region", "eu-nowhere-1"], {}, "eu-nowhere-1 has no containers of TensorFlow"),
        (["--region", "us-east-1"], {"BatchGetImage": {"images": []}}, "has no container tensorflow-training:2.21"),
        (["--region", "us-east-1"], {"BatchGetImage": Refusal("AccessDeniedException")}, "AccessDeniedException"),
    ],
)
def test_what_cannot_be_pinned_changes_nothing(pin, arguments, answers, words):
    code, said, written = pin(*arguments, **answers)
    assert (code, written) == (1, CONFIG)
    assert words in said


TABLE = '[a.global.parameters]\nstack_name = "a"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TABLE, BOTH),
        (f"{TABLE}\n\n# of b\n[b.global.parameters]\n", BOTH),
        (f'{TABLE}parameter_overrides = ""\n', BOTH),
        (f'{TABLE}parameter_overrides="A=1  TrainingImage=tensorflow-training:2.21.0-cpu-py312"', f"A=1 {BOTH}"),
        (f'{TABLE}parameter_overrides = "A=b=c"\ntags = "x"\n', f"A=b=c {BOTH}"),
    ],
)
def test_tables_of_other_shapes_keep_what_they_say(text, expected):
    written = containers.overridden(text, "a", VALUES, f"{containers.REMARK}.")
    assert overrides(written, "a") == expected
    kept = [line for line in written.splitlines() if not line.startswith((containers.REMARK, "parameter_overrides"))]
    assert kept == [line for line in text.splitlines() if not line.startswith("parameter_overrides")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'{TABLE}parameter_overrides = ["A=1", "B=2"]\n', "is not one string"),
        (f'{TABLE}parameter_overrides = """\nA=1"""\n', "is not one string"),
        (f"{TABLE}parameter_overrides = 'A=\"b c\"'\n", "is not one string"),
        (TABLE.replace("[a.", "[b."), r"has no line \[a\.global\.parameters\]"),
    ],
)
def test_overrides_of_a_form_that_is_not_known_are_left_alone(text, words):
    with pytest.raises(Problem, match=words):
        containers.overridden(text, "a", VALUES, containers.REMARK)


@pytest.mark.parametrize("name", containers.IMAGES)
def test_the_template_takes_tags_and_digests_of_its_repository_only(name):
    pattern, default = (template()["Parameters"][name][key] for key in ("AllowedPattern", "Default"))
    repository = default.partition(":")[0]
    dated = f"{default}-amzn2023-sagemaker-v1.0-2026-07-10-17-30-00"
    for right in (default, default.replace("-cpu", ".0-cpu"), dated, VALUES[name]):
        assert re.fullmatch(pattern, right)
    for wrong in ("", repository, f"{repository}:1", f"other@{DIGEST}", f"{repository}@{DIGEST[:-1]}", f"{default}@"):
        assert not re.fullmatch(pattern, wrong)
