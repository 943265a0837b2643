"""What earlier runs of a dataset have said, read from the lake, and what came of it by this run's table."""

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from common import aws, dataset, keys, storage, telemetry, working
from common.events import NamedRun, Run
from common.settings import settings
from stocks import schemas, track, traffic_light
from stocks.contract import HORIZONS
from stocks.dataset import plan as published_run

MOST_RUNS = 500  # that are read: two years of daily files; SQL has them all
BATCH = 60  # runs that are read at a time
SPARE_DAYS = 15  # beyond a window of the traffic light, of which prices may be missing
KEPT = 400 << 20  # bytes of the files that are kept until they are scored; older ones are read again


class Before(NamedTuple):
    """What the run before this one had of a ticker: its status, its last day since 1970, and its notes."""

    status: str
    last_day: int
    notes: Sequence[str]


class Past(NamedTuple):
    """A published run, the first origin of its future rows, and the next day where it was published before that.

    Days count from 1970. body is the file of the rows, None where so much was kept already.
    """

    run: published_run.Run
    first_origin: int
    live_day: int | None
    body: bytes | None


def score(run: Run, term: int, rescaled: track.Rescaled, before: Mapping[str, Before]) -> dict[int, track.Score]:
    """What came of the forecasts of the dataset's runs before this term, by this run's table.

    So many runs are read as a window of the traffic light needs, or MOST_RUNS. Where days of so many are not scored, of
    corrected prices say, all of MOST_RUNS are.
    """
    unread = [key for key, _ in dataset.published_keys(run["dataset"]) if keys.term_of(key) < term][-MOST_RUNS:]
    past: list[Past] = []
    for live_days in (traffic_light.DAYS + SPARE_DAYS, MOST_RUNS):
        past = _with_older(run["dataset"], past, unread, live_days)
        scores = _scored(run, past, rescaled, before)
        if not unread or len(scores[HORIZONS[0]].prices) >= traffic_light.DAYS:
            break
    return scores


def _scored(
    run: Run, past: Sequence[Past], rescaled: track.Rescaled, before: Mapping[str, Before]
) -> dict[int, track.Score]:
    """The scores by these runs, oldest first."""
    if not past:
        return track.empty()
    since = min(one.first_origin for one in past)
    rows = track.table(working.of_shards(run, lambda number: working.get_some(run, "rows", number, track.READ)), since)
    record = track.Record(rows, rescaled, {name: one.last_day for name, one in before.items()})
    for begin in range(0, len(past), BATCH):
        for one, body in _bodies(run["dataset"], past[begin : begin + BATCH]):
            said = schemas.said(pq.read_table(io.BytesIO(body)))
            record.add(said, int(one.run.finished.timestamp()), frozenset(one.run.uploads))
    return record.close()


def before(name: str, run_id: str) -> dict[str, Before]:
    """Every ticker of an earlier run, as its table of tickers has it; nothing without a run."""
    if not run_id:
        return {}
    run: NamedRun = {"run_id": run_id, "dataset": name}
    found: dict[str, Before] = {}
    for number in range(dataset.planned(run).shards):
        if body := _still_there(keys.lake("tickers", run, keys.part(number))):
            columns = pq.read_table(io.BytesIO(body), columns=["ticker", "status", "last_day", "notes"])
            days = columns["last_day"].cast(pa.int32())
            own = zip(columns["status"].to_pylist(), days.to_pylist(), columns["notes"].to_pylist(), strict=True)
            found |= {ticker: Before(*one) for ticker, one in zip(columns["ticker"].to_pylist(), own, strict=True)}
    return found


def behind(told: list[dict], before: Mapping[str, Before]) -> list[str]:
    """The tickers that have missed a session since the newest day of the run before; none without such a run."""
    newest = max((one.last_day for one in before.values()), default=None)
    if newest is None:
        return []
    return sorted(ticker for shard in told for ticker, day in shard["missed"].items() if day > newest)


def noted(told: list[dict], before: Mapping[str, Before], files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each ticker with the newest of the fold's notes that the run before did not have; files are names by upload."""
    for ticker, notes in sorted((ticker, notes) for shard in told for ticker, notes in shard["noted"].items()):
        known = before[ticker].notes if ticker in before else ()
        if fresh := [note for note in notes if note not in known]:
            upload, colon, rest = fresh[-1].partition(": ")
            yield ticker, f"{files.get(upload, upload)}{colon}{rest}"


def _still_there(key: str) -> bytes | None:
    """An object of an earlier run, None where somebody deleted it: this run is published all the same."""
    body = storage.find(settings().lake_bucket, key).body
    if body is None:
        telemetry.logger.warning("an earlier run lacks this file", key=key)
    return body


def _with_older(name: str, past: list[Past], unread: list[str], live_days: int) -> list[Past]:
    """The runs with older ones before them, until so many days had a forecast in time or nothing is left unread.

    Keys are taken from the end of unread; runs that have no future rows are left out.
    """
    days = {one.live_day for one in past} - {None}
    while unread and len(days) < live_days:
        batch = unread[-BATCH:]
        del unread[-BATCH:]
        read = _read(name, batch, KEPT - sum(len(one.body or b"") for one in past))
        past = read + past
        days |= {one.live_day for one in read} - {None}
    return past


def _read(name: str, batch: Sequence[str], room: int) -> list[Past]:
    """The runs of these keys that have future rows; the bodies of the newest are kept, as far as there is room."""
    with ThreadPoolExecutor(aws.CONNECTIONS) as pool:
        runs = list(pool.map(dataset.published_run, batch))
    read: list[Past] = []
    for run, body in reversed(list(zip(runs, _futures(name, runs), strict=True))):
        if body and (one := _past_of(run, body)):
            room -= len(body)
            read.append(one if room >= 0 else one._replace(body=None))
    return read[::-1]


def _bodies(name: str, past: Sequence[Past]) -> Iterator[tuple[Past, bytes]]:
    """Each run with its file, read again where it was not kept."""
    again = iter(_futures(name, [one.run for one in past if one.body is None]))
    for one in past:
        if body := one.body or next(again):
            yield one, body


def _futures(name: str, runs: Sequence[published_run.Run]) -> list[bytes | None]:
    """The files of future rows, None where somebody deleted one."""

    def future(run: published_run.Run) -> bytes | None:
        named: NamedRun = {"run_id": run.run_id, "dataset": name}
        return _still_there(keys.lake("predictions", named, f"future-{keys.part(0)}"))

    with ThreadPoolExecutor(aws.CONNECTIONS) as pool:
        return list(pool.map(future, runs))


def _past_of(run: published_run.Run, body: bytes) -> Past | None:
    rows = pq.read_table(io.BytesIO(body), columns=["origin_date", "target_date", "horizon"])
    if not len(rows):
        return None
    origin, target = (rows[name].cast(pa.int32()).to_numpy() for name in ("origin_date", "target_date"))
    next_day = int(target[rows["horizon"].to_numpy() == HORIZONS[0]].max())
    live = run.finished.timestamp() < next_day * track.DAY_SECONDS
    return Past(run, int(origin.min()), next_day if live else None, body)
