"""All findings of a shard but those that need other shards: `alike` has these."""

from collections.abc import Mapping

from stocks.health import gaps, levels, rows
from stocks.health.findings import Finding, Said, told
from stocks.series import Shard


def find(shard: Shard, votes: Mapping[str, int]) -> list[Finding]:
    """What is found of every ticker; `votes` are the dataset's, as `calendars.choose` takes them."""
    checks = (levels.find(shard), rows.equal(shard), rows.bars(shard), rows.volumes(shard), gaps.find(shard, votes))
    return [found for check in checks for found in check]


def by_ticker(shard: Shard, found: list[Finding]) -> dict[str, list[Said]]:
    """What is told of every ticker of which something was found."""
    own: dict[int, list[Finding]] = {}
    for one in found:
        own.setdefault(one.at, []).append(one)
    return {str(shard.tickers[at]): told(of_ticker) for at, of_ticker in sorted(own.items())}
