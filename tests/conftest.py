"""What must be so before any test file is read, and which tests stay together where several processes run them."""

import importlib.util
import os
from pathlib import Path

import pytest

# Powertools reads its namespace when telemetry is first imported.
os.environ.update(POWERTOOLS_METRICS_NAMESPACE="StockForecasts", POWERTOOLS_SERVICE_NAME="stocks")

# Only make test-browser's environment drives a browser, since not every machine has one.
collect_ignore = [] if importlib.util.find_spec("playwright") else ["browser"]

ON_ONE_CLOUD = ("faults", "integration")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a laptop cloud go to one process of pytest-xdist, and so do those of a file."""
    for item in items:
        folder, *rest = item.path.relative_to(Path(__file__).parent).parts
        item.add_marker(pytest.mark.xdist_group(folder if folder in ON_ONE_CLOUD else "/".join([folder, *rest])))
