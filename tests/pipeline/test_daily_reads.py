"""A file a day, counted: the 250th Merge reads for a shard what the first one does, and its part of the last table."""

import json
from typing import Any

import pytest

import merge
from common import dataset, keys, storage, working
from stocks import schemas, series
from stocks.dataset.plan import Run
from tests.support import daily_files, pipeline
from tests.support.lambda_environment import CONTEXT

FILES, HISTORY, OVERLAP = 250, 200, 5
CUTS = {"validation_from": "2023-05-01", "decision_from": "2023-06-01", "test_from": "2023-08-01"}


class Counted(pipeline.Cloud):
    """Executions that count what each Merge reads; `reads` has for each run its shards' keys."""

    reads: list[list[list[str]]]

    def count(self, run: Any) -> None:
        found = []
        for shard in range(run["shards"]):
            self.s3.calls.clear()
            merge.handler({"run": run, "shard": shard}, CONTEXT)
            found.append([key for call, key in self.s3.calls if call == "get_object"])
        self.reads.append(found)


class Whole(Counted):
    """Every step of the machine, with a model that takes no time."""

    def _publish(self, run: Any, execution: str) -> Any:
        self.count(run)
        return super()._publish(run, execution)


class Short(Counted):
    """What Publish and Summarize leave of a table for the next run stands in for all steps behind Merge."""

    def _publish(self, run: Any, execution: str) -> Any:  # noqa: ARG002  as the machine's steps take it
        self.count(run)
        drawn, lake, rows = dataset.planned(run), "lake", 0
        for shard in range(run["shards"]):
            rows += len(working.get_arrays(run, "rows", shard)["day"])
            built = series.build(working.get_arrays(run, "rows", shard), CUTS)
            storage.put(lake, keys.lake("prices", run, keys.part(shard)), schemas.prices(built))
            facts = json.dumps(working.get_json(run, "merged", shard)["facts"])
            storage.put(lake, keys.lake("facts", run, f"{shard:05d}.json"), facts)
        left = Run(
            run_id=drawn.run_id, term=drawn.term, finished=self.s3.now, rows=rows, inputs=drawn.inputs,
            uploads=tuple(one.id for one in drawn.uploads), fold=drawn.fold, code=drawn.code,
        )  # fmt: skip
        dataset.publish(run, left)
        storage.put(lake, keys.lake("runs", run, keys.part(0)), b"row")
        return {}


def counted(kind: type[Counted], files: int) -> list[list[list[str]]]:
    """What each Merge of a history and of daily files after it reads."""
    whole = daily_files.table(HISTORY + files - 1)
    days = daily_files.days(whole)
    with pipeline.cloud(kilobytes=30, model=pipeline.stand_in) as made:
        cloud = kind(made.s3, made.training, made.model)
        cloud.reads = []
        cloud.send(daily_files.of_days(whole, days[:HISTORY]), "history.csv")
        for at in range(HISTORY, len(days)):
            cloud.send(daily_files.of_days(whole, days[at - OVERLAP : at + 1]), f"{days[at]}.csv")
    assert len(cloud.reads) == files
    return cloud.reads


def check(reads: list[list[list[str]]]) -> None:
    """The plan of the base comes to the two, which says into how many parts the last table is cut."""
    first = len(reads[0][0])
    for run in reads[1:]:
        for shard in run:
            data = [key for key in shard if not key.startswith("plans/")]
            assert len(data) <= first - 1 + 2, shard
            assert len(shard) <= first + 3


@pytest.mark.parametrize("files", [40, pytest.param(FILES, marks=pytest.mark.thorough)])
def test_the_250th_merge_reads_two_objects_of_a_shard_more_than_the_first(files):
    reads = counted(Short, files)
    assert (len(reads[0]), len(reads[-1])) == (1, 2), "the table has outgrown its one shard"
    check(reads)


def test_so_it_is_in_whole_runs():
    check(counted(Whole, 8))
