"""What was said and what happened: forecasts of days to come, beside the prices that came. numpy only.

The view track_record says the same in SQL, row by row; the report shows these sums.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from stocks.contract import HORIZONS, Arrays

DAY_SECONDS = 86_400
type Rescaled = Mapping[str, Sequence[tuple[str, float]]]

GAP = 5  # days between the day that was meant and the row that came
SAME = 1e-3  # an origin's price that is further off than this, and than a recorded ratio, was corrected


class Said(NamedTuple):
    """m forecasts of earlier runs, in the order of the runs.

    ticker U[m], origin_date, target_date (days since 1970) and horizon int32[m], prices float64[m], finished int64[m]
    (when the run was published, in seconds since 1970), and run int64[m], the place of the run among those asked.
    """

    ticker: np.ndarray
    origin_date: np.ndarray
    target_date: np.ndarray
    horizon: np.ndarray
    naive: np.ndarray
    forecast: np.ndarray
    p025: np.ndarray
    p10: np.ndarray
    p90: np.ndarray
    p975: np.ndarray
    finished: np.ndarray
    run: np.ndarray


@dataclasses.dataclass
class Score:
    """Sums over the forecasts of a horizon that were published before the day began and whose day has come.

    Errors are relative to the last price and squared. days are the realised ones.
    """

    forecasts: int = 0
    forecast_error: float = 0.0
    naive_error: float = 0.0
    inside_80: int = 0
    inside_95: int = 0
    days: set[int] = dataclasses.field(default_factory=set)


def first(said: Said) -> Said:
    """Of several forecasts of a ticker, day and horizon the first: a later run may know the outcome."""
    _, ticker = np.unique(said.ticker, return_inverse=True)
    key = np.stack([ticker, said.origin_date, said.horizon])
    _, kept = np.unique(key, axis=1, return_index=True)
    return Said(*(column[np.sort(kept)] for column in said))


def add(scores: Mapping[int, Score], said: Said, rows: Arrays, rescaled: Rescaled, known: Sequence[Set[str]]) -> None:
    """Add a shard to the scores by horizon.

    rows are its table, rescaled the uploads that moved a ticker's prices and by which ratio, known the uploads of each
    run.
    """
    own = np.isin(said.ticker, rows["tickers"])
    said = Said(*(column[own] for column in said))
    ticker = np.searchsorted(rows["tickers"], said.ticker)
    keys = (rows["ticker"].astype(np.int64) << 32) + rows["day"]
    wanted = (ticker.astype(np.int64) << 32) + said.origin_date
    origin = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    came = np.minimum(origin + said.horizon, max(len(keys) - 1, 0))
    fits = (keys[origin] == wanted) & (rows["ticker"][came] == ticker) & (came == origin + said.horizon)
    day = rows["day"][came].astype(np.int64)
    fits &= (np.abs(day - said.target_date) <= GAP) & (said.finished < day * DAY_SECONDS)
    step = rows["adjclose"][origin] / said.naive
    fits &= ~_corrected(said, step, rescaled, known)
    move, error = rows["adjclose"][came] / rows["adjclose"][origin] - 1, said.forecast / said.naive - 1
    low80, high80, low95, high95 = (bound / said.naive - 1 for bound in (said.p10, said.p90, said.p025, said.p975))
    for horizon, score in scores.items():
        at = fits & (said.horizon == horizon)
        score.forecasts += int(at.sum())
        score.forecast_error += float(((error - move)[at] ** 2).sum())
        score.naive_error += float((move[at] ** 2).sum())
        score.inside_80 += int(((low80 <= move) & (move <= high80))[at].sum())
        score.inside_95 += int(((low95 <= move) & (move <= high95))[at].sum())
        score.days |= set(day[at].tolist())


def _corrected(said: Said, step: np.ndarray, rescaled: Rescaled, known: Sequence[Set[str]]) -> np.ndarray:
    """bool[m]: where a price has changed by neither nothing nor the ratios that were recorded since its run."""
    corrected = np.abs(step - 1) > SAME
    for at in np.flatnonzero(corrected).tolist():
        earlier = known[said.run[at]]
        since = [ratio for upload, ratio in rescaled.get(str(said.ticker[at]), ()) if upload not in earlier]
        corrected[at] = not abs(step[at] / math.prod(since) - 1) <= SAME
    return corrected


def empty() -> dict[int, Score]:
    return {horizon: Score() for horizon in HORIZONS}
