"""Whether a run takes the dataset's last model instead of training one. Standard library only.

The plan names the model that may be taken (`candidate`); once the table is folded, Check data judges it (`verdict`). In
doubt a run trains: that costs an instance for some minutes, and a wrong model costs the forecasts.
"""

import dataclasses
from collections.abc import Sequence

from stocks.dataset import documents
from stocks.dataset.plan import Model, Run, Stack
from stocks.dataset.settings import Settings

LIGHTS = ("", "green")  # of the live record under which a model is taken; it has none for its first 250 days
GROWTH = 1.1  # times the rows that the days of the model's table had; with more of them there is more to learn
SHOWN = 3  # tickers by name
ALWAYS = "every run trains"


@dataclasses.dataclass(frozen=True)
class Table:
    """What is known of a folded table, as far as it may speak against a model.

    sessions are its days after the last one of the model's table, rows_then its rows up to that day. Days count from
    1970. changed are the tickers whose prices the model learnt from are others now.
    """

    newest_day: int
    sessions: int
    rows_then: int
    test_from: int
    changed: Sequence[str]


def made_by(code: str, settings: Settings, hosts: int) -> str:
    """Hash of what a model depends on beside prices: code and containers, settings that training sees, instances."""
    return documents.digest(code, settings.effective, str(hosts))


def candidate(
    last: Run | None, base: Run | None, stack: Stack, settings: Settings, force: bool
) -> tuple[Model | None, str]:
    """The model of the newest run, or None and why the run trains.

    base is the run whose table this one begins with. Merge compares the two tables, so it must be of this model.
    """
    held = last.model if last else None
    reason = ""
    if stack.retrain_after <= 1:
        reason = ALWAYS
    elif force:
        reason = "a person asked for the run"
    elif last is None:
        reason = "it is the first run of the dataset"
    elif held is None:
        reason = "the newest run does not say what its model was"
    elif held.made_by != made_by(stack.code, settings, stack.training_hosts):
        reason = "the code, a container or a setting of training is another"
    elif last.light_live not in LIGHTS:
        reason = f"the light of the live record is {last.light_live}"
    elif base is None or base.model is None or base.model.run_id != held.run_id:
        reason = "the table is not one of this model's with more files"
    return (None, reason) if reason else (held, "")


def verdict(model: Model, table: Table, stands: bool, retrain_after: int) -> tuple[bool, str]:
    """Whether the run takes the model, and why or why not. stands: its file is there, and still the same."""
    age = "1 session" if table.sessions == 1 else f"{table.sessions} sessions"
    reason = ""
    if table.newest_day < model.newest_day:
        reason = "the table ends earlier than when the model was trained"
    elif table.sessions >= retrain_after:
        reason = f"the model of {model.run_id} is {age} old"
    elif table.test_from < model.test_from:
        reason = "the test period begins among the days that the model learnt from"
    elif table.rows_then > GROWTH * model.rows:
        reason = f"the days of the model had {model.rows:,} rows and have {table.rows_then:,} now"
    elif table.changed:
        more = f" and {len(table.changed) - SHOWN:,} more" if len(table.changed) > SHOWN else ""
        reason = f"prices that the model learnt from have changed: {', '.join(table.changed[:SHOWN])}{more}"
    elif not stands:
        reason = f"the file of the model of {model.run_id} is gone, or another one"
    return (False, reason) if reason else (True, f"the model of {model.run_id} is {age} old")
