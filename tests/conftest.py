"""What must be so before any test file is read."""

import importlib.util
import os

# Powertools reads its namespace when telemetry is first imported.
os.environ.update(POWERTOOLS_METRICS_NAMESPACE="StockForecasts", POWERTOOLS_SERVICE_NAME="stocks")

# Only make test-browser's environment drives a browser, since not every machine has one.
collect_ignore = [] if importlib.util.find_spec("playwright") else ["browser"]
