"""Athena as analysts know it: its dialect, errors, views and result files, around MiniStack's API and on DuckDB."""
