"""A dataset is one table that files add to: coordination, fold of prices, calendars. No AWS, no clock, no I/O."""
