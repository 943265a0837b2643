"""Sums by day that grow as days are seen, so that their parts need not be held together. numpy only."""

import numpy as np


class DaySums:
    """day int32[d] ascending, and by name a sum [d, ...], which begins as an array without days."""

    def __init__(self, **sums: np.ndarray) -> None:
        self.day = np.empty(0, np.int32)
        self.sums = sums

    def places(self, days: np.ndarray) -> np.ndarray:
        """int64[m]: where days [m] stand in `day`. New ones get their place, with zeros in each sum."""
        every = np.union1d(self.day, days).astype(np.int32)
        if len(every) > len(self.day):
            known = np.searchsorted(every, self.day)
            for name, total in self.sums.items():
                self.sums[name] = np.zeros((len(every), *total.shape[1:]), total.dtype)
                self.sums[name][known] = total
            self.day = every
        return np.searchsorted(self.day, days)
