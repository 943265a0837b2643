"""What must be so before any test file is read, and which tests stay together where several processes run them."""

import functools
import importlib.util
import os

import pytest

# Powertools reads its namespace when telemetry is first imported.
os.environ.update(POWERTOOLS_METRICS_NAMESPACE="StockForecasts", POWERTOOLS_SERVICE_NAME="stocks")

# Only make test-browser's environment drives a browser, since not every machine has one.
collect_ignore = [] if importlib.util.find_spec("playwright") else ["browser"]

# The longest, so they begin first.
ON_ONE_CLOUD = ("tests/faults", "tests/queries", "tests/integration", "tests/permissions")


def pytest_configure(config: pytest.Config) -> None:
    """Property tests try many examples where thorough tests run, too; AWS's models are read once for all sessions.

    Each test has a session of its own, of moto or of a laptop cloud, which would read them for a tenth of a second.
    """
    if importlib.util.find_spec("boto3"):  # make test-browser has none
        import botocore.loaders
        import botocore.session

        botocore.session.create_loader = functools.cache(botocore.loaders.create_loader)
    if importlib.util.find_spec("hypothesis"):  # make test-browser has none
        from hypothesis import settings

        for name in ("quick", "thorough"):
            settings.register_profile(name)
        settings.load_profile("quick" if "not thorough" in config.option.markexpr else "thorough")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(ON_ONE_CLOUD))


@pytest.hookimpl(optionalhook=True)  # make test-browser has no pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Tests that share a laptop cloud go to one process, and so do those of a file."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return next((folder for folder in ON_ONE_CLOUD if file.startswith(f"{folder}/")), file)

    return Together(config, log)
