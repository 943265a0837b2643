"""Where everything of one checkout's laptop cloud lives."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
ACCOUNT = "123456789012"
LAPTOP_KEY = ACCOUNT  # MiniStack takes a 12-digit access key for that account's root user
KEY_VARIABLE = "LOCAL_SECRET"  # by which the process of the cloud gets the secret of that key

STATE = LOGS = CHILDREN = SETTINGS = FAULTS = Path()


def use(state: Path) -> None:
    """Keep the cloud's state in this folder: .local of the checkout, LOCAL_STATE, or a test's own."""
    global STATE, LOGS, CHILDREN, SETTINGS, FAULTS
    STATE = state.resolve()
    LOGS = STATE / "logs"
    CHILDREN = STATE / "children"
    SETTINGS = STATE / "cloud.json"
    FAULTS = STATE / "faults.json"


def python(environment: str) -> str:
    """The interpreter of one of the environments that `make setup` creates: "", "ministack", "lambda" or "sam"."""
    return str(ROOT / (f".venv-{environment}" if environment else ".venv") / "bin" / "python")


use(Path(os.environ.get("LOCAL_STATE") or ROOT / ".local"))
