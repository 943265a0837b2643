"""The parameters of the template, read without deploying it."""

import re
import tomllib
from typing import Any

import yaml

from local import paths


def default(parameter: str) -> Any:
    """What the template itself gives the parameter; no more of the template is read than that."""
    text = (paths.ROOT / "template.yaml").read_text()
    section = re.search(rf"^  {parameter}:\n(?:    .*\n)+", text, re.MULTILINE)
    if not section:
        raise ValueError(f"template.yaml has no parameter {parameter}")
    return yaml.safe_load(section[0])[parameter]["Default"]


def of_laptop(parameter: str) -> Any:
    """What the laptop's stack is deployed with: samconfig.toml overrides the default."""
    config = tomllib.loads((paths.ROOT / "samconfig.toml").read_text())["local"]["global"]["parameters"]
    overrides = dict(pair.split("=", 1) for pair in config.get("parameter_overrides", "").split())
    return yaml.safe_load(overrides[parameter]) if parameter in overrides else default(parameter)
