"""python -m local.pack FOLDER TEMPLATE, in SAM's environment: what `sam deploy` would do for each cloud, done once.

Compressing the layers takes most of a deployment, and reading a template as YAML much of the rest. SAM uploads a file
as it is and reads JSON fast, so the packed template is JSON and names a file for each layer.
"""

import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse

LEVEL = 1  # the file goes no further than this machine


def pack(folder: Path, name: str) -> None:
    """Write the built template again under this name, as JSON with layers that are zip files beside it."""
    template: dict[str, Any] = yaml_parse((folder / "template.yaml").read_text())
    for resource in template["Resources"].values():
        layer = folder / resource["Properties"].get("ContentUri", "..")
        if resource["Type"] == "AWS::Serverless::LayerVersion" and layer.parent == folder:
            compress(layer, folder / f"{layer.name}.zip")
            resource["Properties"]["ContentUri"] = f"{layer.name}.zip"
    (folder / name).write_text(json.dumps(template))


def compress(folder: Path, archive: Path) -> None:
    """The folder's files with their modes, as SAM packs them: equal folders give equal bytes, whatever their age."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as packed:
        for root, folders, files in os.walk(folder, followlinks=True):
            folders.sort()
            for file in map(Path(root).joinpath, sorted(files)):
                entry = zipfile.ZipInfo(str(file.relative_to(folder)))
                entry.create_system = 3  # Unix, so that modes count
                entry.external_attr = file.stat().st_mode << 16
                packed.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, LEVEL)


if __name__ == "__main__":
    pack(Path(sys.argv[1]), sys.argv[2])
