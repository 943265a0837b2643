"""Names and S3 keys; docs/architecture.md lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stocks.dataset.documents import digest

if TYPE_CHECKING:
    from common.events import NamedRun, Upload


def resource_name(stack: str, run: NamedRun, execution_name: str, attempt: int = 0) -> str:
    """The SageMaker name of this run and execution, at most 63 characters of [a-zA-Z0-9-].

    A retried call finds what it created before; two executions never share a resource, nor do two attempts.
    """
    hashed = digest(run["run_id"], execution_name, *([str(attempt)] if attempt else []))
    room = 63 - len(stack) - len(hashed) - 2
    if room < 1:
        raise ValueError(f"stack name {stack!r} is longer than 48 characters; SageMaker's names hold 63")
    return f"{stack}-{run['dataset'][:room].strip('-')}-{hashed}"


def work(run_id: str, name: str) -> str:
    """Key in the work bucket, such as work(r, "data.json")."""
    return f"runs/{run_id}/{name}"


def shard(run_id: str, kind: str, number: int, suffix: str = "npz") -> str:
    """Key of one shard's working file in the work bucket."""
    return work(run_id, f"{kind}/{number:05d}.{suffix}")


def requests(run_id: str) -> str:
    """The prefix in the work bucket of what a transform job is asked."""
    return work(run_id, "requests/")


def request(run_id: str, shard: int, number: int) -> str:
    """Key of one request of a shard. The name is the request's own, whatever folder its answer lands in."""
    return f"{requests(run_id)}{shard:05d}-{number:05d}.json"


def answers(run_id: str, job_name: str) -> str:
    """The prefix in the work bucket of what a transform job answers; two attempts share none."""
    return work(run_id, f"answers/{job_name}/")


def lake(table: str, run: NamedRun, name: str = "") -> str:
    """Key, or the partition's prefix without a name, in the lake bucket."""
    return f"{table}/dataset={run['dataset']}/run_id={run['run_id']}/{name}"


def run_of(key: str) -> str:
    """The id of the run that a key or a folder of the lake names."""
    return key.partition("/run_id=")[2].partition("/")[0]


def part(number: int) -> str:
    """File name of one shard's part of a table."""
    return f"{number:05d}.parquet"


def report(run: NamedRun) -> str:
    return lake("reports", run, "report.html")


def lease(dataset: str) -> str:
    return f"leads/{dataset}.json"


def latest(dataset: str) -> str:
    """The dataset's row of the table `latest`."""
    return f"latest/{dataset}.json"


def verdicts(dataset: str) -> str:
    """The prefix of a dataset's verdicts in the lake."""
    return f"verdicts/dataset={dataset}/"


def verdict(dataset: str, upload: str) -> str:
    return f"{verdicts(dataset)}{upload}.json"


def rejected(dataset: str, source: Upload) -> str:
    """Where the rows of a dropped file are listed that could not be used; its upload's id ends in the same hex."""
    return f"rejected/dataset={dataset}/{digest(source['bucket'], source['key'], source['version_id'])}.csv"


def told(dataset: str) -> str:
    """When the last message on rejected files was sent."""
    return f"told/{dataset}.json"


def told_silent(dataset: str, upload: str) -> str:
    """That a message has said that no file came after this upload."""
    return f"told/dataset={dataset}/{upload}.json"


def untold(dataset: str, source: Upload | None = None) -> str:
    """The note of a rejected file that waits for the next message; without a file the prefix of all."""
    name = f"{digest(source['bucket'], source['key'], source['version_id'])}.json" if source else ""
    return f"untold/dataset={dataset}/{name}"


def sent(name: str) -> str:
    """Key in the work bucket: how far the tries of a state came to send their message."""
    return f"sent/{digest(name)}.json"


def published(dataset: str) -> str:
    """The prefix of what published runs leave for the plans of later ones."""
    return f"published/dataset={dataset}/"


def published_run(dataset: str, term: int, run_id: str) -> str:
    """Names sort by term, so the newest come last."""
    return f"{published(dataset)}{term:08d}-{run_id}.json"


def term_of(published: str) -> int:
    """The term in the key of what a published run leaves."""
    return int(published.rpartition("/")[2].partition("-")[0])
