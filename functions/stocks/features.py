"""What the lab's Random Forest sees: the last five prices and two moving averages, nothing later than the origin."""

import numpy as np

LAGS = 5
SHORT, LONG = 5, 20
FIRST_ORIGIN = LONG - 1  # the first row with a full long average


def forest_inputs(prices: np.ndarray) -> np.ndarray:
    """float64[n - 19, 7] from prices float64[n]: t, t-1, ..., t-4, MA5 and MA20 ending at t, for t from 19.

    Every average is summed over its own window, so a later price cannot reach an earlier row even by rounding.
    """
    lags = [prices[FIRST_ORIGIN - lag : len(prices) - lag] for lag in range(LAGS)]
    averages = [_moving_average(prices, width)[FIRST_ORIGIN - width + 1 :] for width in (SHORT, LONG)]
    return np.column_stack([*lags, *averages])


def _moving_average(prices: np.ndarray, width: int) -> np.ndarray:
    """float64[n - width + 1]: the mean of each window of `width` rows, at the window's last row."""
    return np.lib.stride_tricks.sliding_window_view(prices, width).mean(axis=1)
