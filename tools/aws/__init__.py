"""Commands for whoever deploys a stack. Nothing here knows whether AWS or the laptop cloud answers."""


class Problem(Exception):
    """Something the user must know and can act on; the text says what."""
