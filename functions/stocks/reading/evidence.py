"""When rows prove how a file is written: a slip of one row must never change the meaning of the others."""

FEW = 3


def proves(rows: int, of: int, tolerance: float) -> bool:
    """Whether `rows` prove it, of all rows that could have said something.

    At least two must, and more than the share of bad rows that is tolerated; where there are fewer than three, each.
    """
    if of < FEW:
        return 0 < rows == of
    return rows >= 2 and rows > tolerance * of
