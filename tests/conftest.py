"""Powertools reads its namespace when telemetry is first imported, by whichever test file that is."""

import os

os.environ.update(POWERTOOLS_METRICS_NAMESPACE="StockForecasts", POWERTOOLS_SERVICE_NAME="stocks")
