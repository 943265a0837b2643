"""What `sam build` made of the checkout's sources, made again only when one of them has changed.

Clouds that deploy share it, all at once. Who builds waits for them, since a build begins by emptying the folder.
"""

import contextlib
import fcntl
import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from local import cloud, paths, sam

SOURCES = ("template.yaml", "samconfig.toml", "statemachine", "functions", "layers", "training", "local/pack.py")
MADE = ".venv-sam/lib/python3.*/site-packages/*.dist-info"  # by its name each package of SAM, with its version
PACKED = "packed.json"  # the template that is deployed
MARKER = "built"  # inside, so that any other build takes it away


def folder() -> Path:
    return paths.ROOT / ".aws-sam" / "build"


@contextlib.contextmanager
def ready(say: Callable[[str], object]) -> Iterator[Path]:
    """The template to deploy, of a build of the sources as they are; nobody builds until the block ends."""
    folder().parent.mkdir(exist_ok=True)
    with (folder().parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        while not is_built():
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_built():  # another one may have built meanwhile
                build(say)
            fcntl.flock(lock, fcntl.LOCK_SH)  # not in one step with giving the other up, so look again
        yield folder() / PACKED


def build(say: Callable[[str], object]) -> None:
    """Build and pack. A source that changes meanwhile leaves a marker of the older ones, so it is built again."""
    (folder() / MARKER).unlink(missing_ok=True)
    sources = fingerprint()
    sam.run("build", say, sam.without_aws())
    pack()
    (folder() / MARKER).write_text(f"{sources} {_listing()}")


def pack() -> None:
    """Do in the build what each deployment would do again; SAM's own environment reads SAM's template."""
    command = [paths.python("sam"), "-m", "local.pack", str(folder()), PACKED]
    packed = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True)  # noqa: S603
    if packed.returncode != 0:
        raise cloud.CloudError(f"what sam build made could not be packed:\n{packed.stderr}")


def is_built() -> bool:
    """Whether the build is whole and of the sources as they are."""
    marker = folder() / MARKER
    return marker.exists() and marker.read_text() == f"{fingerprint()} {_listing()}"


def fingerprint() -> str:
    """A hash over every file that is built or deployed, with its name and mode, and over the SAM that does it."""
    digest = hashlib.sha256()
    for name in SOURCES:
        for file in _files(paths.ROOT / name):
            digest.update(f"{file.relative_to(paths.ROOT)}\0{file.stat().st_mode:o}\0{file.stat().st_size}\0".encode())
            digest.update(file.read_bytes())
    tools = sorted(package.name for package in paths.ROOT.glob(MADE))
    settings = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("SAM_"))
    digest.update("\0".join([*tools, *settings]).encode())
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    """The file, or those in the folder and in folders that it links to; SAM follows links, too."""
    if path.is_file():
        return [path]
    walked = os.walk(path, followlinks=True)
    files = [Path(root) / name for root, _, names in walked for name in names]
    return sorted(file for file in files if "__pycache__" not in file.parts and file.is_file())


def _listing() -> str:
    """A hash over names, sizes and times of what was built: a part that is gone or was touched counts as unbuilt."""
    digest = hashlib.sha256()
    for root, folders, names in os.walk(folder()):
        folders.sort()
        for file in (Path(root) / name for name in sorted(names) if name != MARKER):
            of = file.lstat()
            digest.update(f"{file}\0{of.st_mode:o}\0{of.st_size}\0{of.st_mtime_ns}\0".encode())
    return digest.hexdigest()
