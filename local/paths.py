"""Where everything of one checkout's laptop cloud lives."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("LOCAL_STATE") or ROOT / ".local").resolve()
LOGS = STATE / "logs"
CHILDREN = STATE / "children"
SETTINGS = STATE / "cloud.json"
FAULTS = STATE / "faults.json"

REGION = "us-east-1"
ACCOUNT = "123456789012"
# MiniStack takes a 12-digit access key for that account's root user, its signature unchecked: never off 127.0.0.1.
LAPTOP_KEYS = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "laptop"}


def python(environment: str) -> str:
    """The interpreter of one of the environments that `make setup` creates: "", "ministack", "lambda" or "sam"."""
    return str(ROOT / (f".venv-{environment}" if environment else ".venv") / "bin" / "python")
