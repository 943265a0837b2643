"""The least amount by which prices move. numpy only."""

import numpy as np

from stocks.dataset import basis

FEWEST = 10  # changes of a price that tell its ticks
NOTHING = 1e-9  # of a price: computed ones differ by it
FEW = 10  # ticks: a lower price doubles, or stands still, by itself


def is_coarse(price: float, near: np.ndarray) -> bool:
    """Whether a price is but a few ticks. near are prices around it: by their decimals, and by how they differ.

    Computed prices have many decimals, but keep their ticks.
    """
    unit = float(basis.units(near[None], near[None] > 0)[0, 0])
    if np.count_nonzero(np.diff(near)) >= FEWEST:
        apart = np.diff(np.unique(near))
        unit = max(unit, float(apart[apart > NOTHING * near.max()].min(initial=np.inf)))
    return price < FEW * unit
