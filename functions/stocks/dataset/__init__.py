"""A dataset: a table that files add to."""
