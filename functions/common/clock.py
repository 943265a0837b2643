"""How long ago something was."""

import datetime


def seconds_since(moment: datetime.datetime) -> float:
    """Seconds from an instant with a zone until now."""
    return (datetime.datetime.now(datetime.UTC) - moment).total_seconds()
