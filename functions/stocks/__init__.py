"""Domain code: prices, baselines, intervals and metrics. Nothing here knows AWS."""
