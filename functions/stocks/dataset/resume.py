"""What Resume does for a dataset every 15 minutes: whatever events, answers and executions were lost. Rule 12.

    lease, etag = read the lease; names of verdicts; version of settings.json
    decide(...):
        Ask:   asked = DescribeExecution of lease.holder; decide again
        Free:  put its lease if etag
        Start: start the execution of this name as a nudge, then put its lease if etag
        Tell:  put its lease if etag; where that succeeded, publish the message
    for name, upload in overdue(...): start the execution of this name with the upload's event

A start comes before its write: where the write is lost, the next tick starts the same name once more, which Step
Functions does once, and then counts it. A message comes after its write: it is sent once or, after a crash, not at all,
and every failed run has sent one of its own.
"""

import dataclasses
import datetime
from collections.abc import Collection, Iterable
from typing import NamedTuple

from stocks.dataset import lease as leases
from stocks.dataset import plan
from stocks.dataset.lease import Asked, Lease
from stocks.dataset.uploads import Upload

SPACING = tuple(datetime.timedelta(minutes=minutes) for minutes in (15, 60, 240))  # before each start after a failure
LATE = datetime.timedelta(hours=2)  # a Split that was not lost has ended
TOO_LATE = datetime.timedelta(days=1)
# Errors that only a person mends: nothing is started until something new comes.
FOR_A_PERSON = ("Aborted", "RejectedSettings", "NotAdopted", "NoQuota", "ShardTooCrowded")


class Ask(NamedTuple):
    holder: str


class Free(NamedTuple):
    lease: Lease


class Start(NamedTuple):
    name: str
    lease: Lease


class Tell(NamedTuple):
    message: str
    lease: Lease


def decide(
    dataset: str,
    lease: Lease,
    names: Collection[str],
    settings_version: str,
    now: datetime.datetime,
    asked: Asked | None = None,
) -> Ask | Free | Start | Tell | None:
    """The next thing to do for this dataset, or None. `names` are the ids of all its verdicts."""
    seen = plan.seen(names, settings_version)
    if not names and not lease.term:
        return None
    found = leases.standing(lease, now, asked)
    if found == "held":
        return None
    if found == "ask":
        return Ask(lease.holder)
    if found == "dead" and asked:  # it counts as a failure from now on
        freed = leases.clean_up(lease, lease.holder, leases.error_of(asked), now)
        return Free(freed) if freed else None
    if lease.settled == seen or (lease.planned == seen and lease.error in FOR_A_PERSON):
        return None
    return _start_or_tell(dataset, lease, seen, now)


def _start_or_tell(dataset: str, lease: Lease, seen: str, now: datetime.datetime) -> Start | Tell | None:
    """At most three starts in a row for one `seen`, then one message."""
    tries = lease.tries if lease.tried == seen else 0
    if tries > len(SPACING):
        return None
    counted = dataclasses.replace(lease, tried=seen, tries=tries + 1, tried_at=now)
    if tries == len(SPACING):
        text = f"Dataset {dataset}: {tries} new starts have not published what was uploaded"
        error = f"; the last error was {lease.error}" if lease.error else ""
        return Tell(f"{text}{error}. The next upload, or a nudge, tries again.", counted)
    if tries or (lease.failures and lease.planned == seen):
        before = [moment for moment in (lease.failed, lease.tried_at) if moment]
        if before and now - max(before) < SPACING[tries]:
            return None
    return Start(f"{dataset}-resume-{lease.term}-{seen}-{tries + 1}", counted)


def overdue(
    uploads: Iterable[Upload],
    names: Collection[str],
    settings_version: str,
    now: datetime.datetime,
    adopted: Upload | None = None,
) -> list[tuple[str, Upload]]:
    """The uploads that should have a verdict and have none, each with the name of the execution to start.

    Once for each version of settings.json, since a wrong one keeps Split from judging. `adopted`: the file of a run of
    the first version without a verdict (coordination.adoption), whatever its age.
    """
    late = [upload for upload in uploads if upload.id not in names and LATE <= now - upload.modified <= TOO_LATE]
    if adopted and adopted not in late:
        late.append(adopted)
    version = settings_version or "none"
    return [(f"{up.dataset}-late-{up.id.split('-')[1]}-{version}", up) for up in sorted(late, key=lambda up: up.order)]
