"""What the report says of a run beside its forecasts."""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

from stocks.contract import SCHEMA
from stocks.dataset.plan import Plan
from stocks.track import Score
from stocks.traffic_light import Held, Light


class Skip(TypedDict):
    """A ticker that is not forecast."""

    ticker: str
    reason: str


class Corrected(NamedTuple):
    """Rows of a file that the table had with another price, among all of the file."""

    file: str
    rows: int
    of: int


class Rescaled(NamedTuple):
    """A ticker whose older prices a file moved by a ratio."""

    ticker: str
    ratio: float
    file: str


class FileRead(NamedTuple):
    """How a file was read, as Intake.report says it."""

    key: str
    rejected_rows: int
    reading: dict


class Judgement(TypedDict):
    """What training found of one horizon: how much of a foreseen change the forecast uses, and why."""

    gate: float  # the share used, 0 to 0.5
    gate_reason: str  # one of the contract's codes where the gate is shut
    blocks: int  # independent stretches of days
    slope: float  # the share of a foreseen change that came true
    slope_se: float  # its standard error


class Evidence(TypedDict):
    """What is read of the model's evidence.json; horizons are keys such as "5"."""

    gates: Mapping[str, float]
    fallback: Sequence[str]  # why no LSTM was trained; empty where one was
    horizons: Mapping[str, Judgement]
    seed: int
    hyperparameters: Mapping[str, float]
    versions: Mapping[str, str]  # of the container's libraries, by name


@dataclasses.dataclass(frozen=True)
class RunFacts:
    """The columns of the run's row in the table of runs, and what only the report shows."""

    dataset: str
    run_id: str
    term: int  # of the run: a higher one is newer
    inputs: str  # hash of the uploads and settings
    files: int  # that make the table
    new_files: Sequence[str]  # ids of uploads that no run has published before
    missing: Sequence[str]  # keys of uploads that were not read in time
    base_run: str
    settings: str  # the version of settings.json
    table_hash: str
    code: str
    training_image: str
    inference_image: str
    inference_digest: str  # of the container that the name meant; empty where it is not known
    seed: int  # of training
    parameters: str  # JSON: what else shapes the figures
    source_key: str  # of the newest file
    source_version: str
    uploaded: datetime.datetime
    started: datetime.datetime
    finished: datetime.datetime
    cuts: Mapping[str, str]  # ISO days by the contract's CUTS
    read: Sequence[FileRead]  # some of the new files
    left_out: Sequence[Skip]
    corrected: Sequence[Corrected]  # by the new files
    rescaled: Sequence[Rescaled]  # by the new files
    health: Sequence[tuple[str, Sequence[str]]]  # tickers of which something looks wrong, and what
    track: Mapping[int, Score]  # by horizon
    live: Held  # of the forecasts in track
    backtest: Held
    rows: int
    rejected_rows: int
    rejected_uri: str
    tickers: int
    shards: int
    train_seconds: float
    endpoint_seconds: float
    training_instance_type: str
    endpoint_instance_type: str
    cost_usd: float | None  # None where an instance type has no known price
    prices_of: str  # ISO day of the price list
    model_uri: str
    model_run: str  # the run that trained the model
    model_reason: str  # why it was trained, or taken from an earlier run
    gates: Sequence[float]  # in the order of HORIZONS
    evidence: Evidence
    schema: int = SCHEMA

    @property
    def light_live(self) -> Light | None:
        return self.live.verdict.light

    @property
    def light_backtest(self) -> Light | None:
        return self.backtest.verdict.light


def corrections(drawn: Plan, told: list[dict]) -> dict[str, Any]:
    """What the new files changed of what the table had, as the facts name it."""
    named = {upload.id: upload.key.rpartition("/")[2] for upload in drawn.uploads}
    rows = {upload.id: upload.rows for upload in drawn.uploads}
    new = set(drawn.new_files)
    return {
        "corrected": [
            Corrected(named[upload], sum(shard["corrected"].get(upload, 0) for shard in told), rows[upload])
            for upload in drawn.new_files
            if any(upload in shard["corrected"] for shard in told)
        ],
        "rescaled": [
            Rescaled(ticker, ratio, named[upload])
            for shard in told
            for ticker, upload, ratio, _ in shard["rescaled"]
            if upload in new
        ],
    }
