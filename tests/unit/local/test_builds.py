"""What was built is used again as long as it is whole and its sources are the same."""

import fcntl
import shutil
import threading
import zipfile

import pytest

from local import builds, cloud, paths, sam

PACK = builds.pack
TEMPLATE = """
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: Layer}
  Code:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: ../../training}
  Function:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: Function, Role: !Sub "arn:${AWS::Partition}:iam::aws:role/some"}
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small checkout with SAM's environment."""
    for name in ("functions/stocks", "layers", "training", "statemachine"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("template.yaml", "samconfig.toml", "functions/step.py", "functions/stocks/reading.py", "layers/a.txt"):
        (tmp_path / name).write_text(name)
    for name in ("local", ".venv-sam"):
        (tmp_path / name).symlink_to(paths.ROOT / name)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def built(monkeypatch):
    """What sam was asked for, without packing, of a SAM that empties the folder and makes a layer and a template."""
    asked = []

    def run(command, say, variables):
        asked.append(command)
        shutil.rmtree(builds.folder(), ignore_errors=True)
        (builds.folder() / "Layer" / "python").mkdir(parents=True)
        (builds.folder() / "Layer" / "python" / "package.py").write_text("x = 1\n")
        (builds.folder() / "template.yaml").write_text(TEMPLATE)

    monkeypatch.setattr(sam, "run", run)
    monkeypatch.setattr(builds, "pack", lambda: (builds.folder() / builds.PACKED).write_text("{}"))
    return asked


def make() -> None:
    with builds.ready(print) as template:
        assert template.exists()


def test_equal_sources_are_built_once(checkout, built):
    make()
    make()
    assert built == ["build"]


def rename(checkout):
    (checkout / "functions" / "step.py").rename(checkout / "functions" / "leap.py")


def swap(checkout):
    """The same two contents under each other's names."""
    (checkout / "functions" / "step.py").write_text("functions/stocks/reading.py")
    (checkout / "functions" / "stocks" / "reading.py").write_text("functions/step.py")


def link(checkout):
    (checkout / "more").mkdir()
    (checkout / "more" / "new.py").write_text("x = 2\n")
    (checkout / "functions" / "more").symlink_to(checkout / "more")


def other_sam(checkout):
    (checkout / ".venv-sam").unlink()
    site = checkout / ".venv-sam" / "lib" / "python3.13" / "site-packages"
    (site / "aws_sam_cli-9.9.9.dist-info").mkdir(parents=True)


CHANGES = {
    "an edit": lambda checkout: (checkout / "functions" / "step.py").write_text("functions/step.px"),
    "an edit of the template": lambda checkout: (checkout / "template.yaml").write_text("Resources: {}"),
    "an edit of a layer": lambda checkout: (checkout / "layers" / "a.txt").write_text("b==2"),
    "a new file": lambda checkout: (checkout / "functions" / "new.py").touch(),
    "a deletion": lambda checkout: (checkout / "functions" / "stocks" / "reading.py").unlink(),
    "another name": rename,
    "swapped names": swap,
    "a move": lambda checkout: shutil.move(checkout / "functions" / "step.py", checkout / "training"),
    "another mode": lambda checkout: (checkout / "functions" / "step.py").chmod(0o755),
    "a linked folder": link,
    "another SAM": other_sam,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_builds_again(checkout, built, change):
    make()
    CHANGES[change](checkout)
    assert not builds.is_built()


def test_an_edit_in_a_linked_folder_builds_again(checkout, built):
    link(checkout)
    make()
    (checkout / "more" / "new.py").write_text("x = 3\n")
    assert not builds.is_built()


def test_a_setting_of_sam_builds_again(checkout, built, monkeypatch):
    make()
    monkeypatch.setenv("SAM_BUILD_MODE", "debug")
    assert not builds.is_built()


def test_what_python_compiles_beside_the_sources_does_not(checkout, built):
    make()
    (checkout / "functions" / "__pycache__").mkdir()
    (checkout / "functions" / "__pycache__" / "step.cpython-313.pyc").touch()
    assert builds.is_built()


DAMAGE = {
    "another build": lambda folder: shutil.rmtree(folder),
    "a file less": lambda folder: (folder / "Layer" / "python" / "package.py").unlink(),
    "a file more": lambda folder: (folder / "Layer" / "python" / "other.py").touch(),
    "an edit": lambda folder: (folder / "template.yaml").write_text("Resources: {}"),
    "a marker without an end": lambda folder: (folder / builds.MARKER).write_text(builds.fingerprint()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_build_that_is_not_as_it_was_left_is_built_again(checkout, built, damage):
    make()
    DAMAGE[damage](builds.folder())
    make()
    assert built == ["build", "build"]


def test_an_interrupted_build_does_not_count(checkout, built, monkeypatch):
    """Neither one that ended before SAM emptied the folder: what lies there is older than the sources."""
    make()
    (checkout / "functions" / "step.py").write_text("x = 2\n")
    with monkeypatch.context() as patched:
        patched.setattr(sam, "run", lambda *asked: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make()
    (checkout / "functions" / "step.py").write_text("functions/step.py")
    make()
    assert built == ["build", "build"]


def test_what_cannot_be_packed_is_an_error_and_no_build(checkout, built, monkeypatch):
    monkeypatch.setattr(builds, "pack", PACK)
    complete = sam.run
    monkeypatch.setattr(sam, "run", lambda *asked: complete(*asked) or (builds.folder() / "template.yaml").unlink())
    with pytest.raises(cloud.CloudError, match=r"could not be packed:[\s\S]*template\.yaml"):
        make()
    assert not builds.is_built()


def test_a_source_that_changes_during_the_build_is_built_again(checkout, built, monkeypatch):
    complete, texts = sam.run, ["x = 2\n"]

    def run(*asked):
        complete(*asked)
        if texts:
            (checkout / "functions" / "step.py").write_text(texts.pop())

    monkeypatch.setattr(sam, "run", run)
    make()
    assert built == ["build", "build"]


def test_a_layer_is_packed_into_a_file_and_nothing_else_of_the_template_changes(checkout, built, monkeypatch):
    monkeypatch.setattr(builds, "pack", PACK)
    with builds.ready(print) as template:
        text = template.read_text()
    assert '"ContentUri": "Layer.zip"' in text
    assert '"ContentUri": "../../training"' in text
    assert '"CodeUri": "Function", "Role": {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:role/some"}' in text
    with zipfile.ZipFile(builds.folder() / "Layer.zip") as layer:
        assert layer.namelist() == ["python/package.py"]
        assert layer.read("python/package.py") == b"x = 1\n"


def holds(kind: int) -> bool:
    """Whether another one can lock the builds like this now."""
    with (builds.folder().parent / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_clouds_share_a_build_and_nobody_builds_meanwhile(checkout, built):
    make()
    with builds.ready(print), builds.ready(print):
        assert not holds(fcntl.LOCK_EX)
    assert holds(fcntl.LOCK_EX)


def test_who_builds_is_alone(checkout, built, monkeypatch):
    complete, alone = sam.run, []
    monkeypatch.setattr(sam, "run", lambda *asked: (alone.append(not holds(fcntl.LOCK_SH)), complete(*asked)))
    make()
    assert alone == [True]


def test_those_that_want_the_same_build_at_once_build_it_once(checkout, built, monkeypatch):
    look, together, asking = builds.is_built, threading.Barrier(4, timeout=30), threading.local()

    def is_built():
        if not hasattr(asking, "before"):  # no one asks for the lock until all have seen that nothing is built
            asking.before = look()
            together.wait()
            return asking.before
        return look()

    monkeypatch.setattr(builds, "is_built", is_built)
    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert built == ["build"]
