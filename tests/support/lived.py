"""A dataset with a live record: days of daily files, each through the real steps on the evening of its day."""

import datetime
from unittest import mock

import pandas as pd

import summarize
from tests.support import csv_files, pipeline

HISTORY, OVERLAP = 190, 5


def lake(tickers: tuple[str, ...], days: int) -> dict[str, bytes]:
    """The lake of the dataset `daily`, by key: a history of HISTORY days, then a file for each of so many days.

    A model that has learnt nothing stands in for the training job. The cloud's clock says the files' days, so forecasts
    are published before the day that they are of: no cloud whose clock is today's can show that.
    """
    whole = pd.concat([csv_files.bars(name, seed, HISTORY + days) for seed, name in enumerate(tickers)])
    dates = sorted(whole["date"].unique())
    with pipeline.cloud(model=pipeline.stand_in) as cloud:
        for at in range(HISTORY - 1, HISTORY + days):
            first = dates[0] if at == HISTORY - 1 else dates[at - OVERLAP]
            evening = datetime.datetime.fromisoformat(f"{dates[at]}T21:30:00+00:00")
            with mock.patch.object(summarize, "now", lambda now=evening: now):
                cloud.send(csv_files.csv(whole[whole["date"].between(first, dates[at])]), f"{dates[at]}.csv")
        return {key: body for (bucket, key), body in cloud.s3.objects.items() if bucket == "lake"}
