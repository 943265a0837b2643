"""What is uploaded to a dataset: which key means what, an upload's id and place in the fold, and Split's verdict on it.

An upload is one version of an object directly in `incoming/<folder>/`. Rules 1 to 5 of the contract.
"""

import dataclasses
import datetime
import re
from typing import Any, Literal, NamedTuple

from stocks.dataset import documents
from stocks.dataset.documents import Document
from stocks.reading.rejected import show, unseen

INCOMING = "incoming"
SETTINGS = "settings.json"
WHERE = f"{INCOMING}/<dataset>/<name>.csv"

Kind = Literal["file", "settings", "nudge", "marker", "misplaced"]


class Place(NamedTuple):
    """What a key is: its dataset, empty where it has none, its name without folders, and why it is misplaced."""

    kind: Kind
    dataset: str
    name: str
    reason: str = ""


def place(key: str) -> Place:
    """What an object of this key is for.

    A nudge is the key that "create folder" makes for a dataset; a marker, of any other folder, means nothing.
    """
    *folders, name = key.split("/")
    in_folder = len(folders) == 2 and folders[0] == INCOMING
    dataset = folders[1].lower() if in_folder else ""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", dataset):
        if not name:
            return Place("marker", "", "")
        if sign := unseen(key):
            reason = f"the key holds a line break or another sign that cannot be seen ({sign}); upload it to {WHERE}"
        elif not in_folder:
            reason = f"the file is not directly in the folder of a dataset; upload it to {WHERE}"
        else:
            allowed = "use a letter, then up to 39 letters, digits or hyphens"
            reason = f"the folder {show(folders[1])} cannot name a dataset; {allowed}"
        return Place("misplaced", "", name, reason)
    if not name:
        return Place("nudge", dataset, "")
    return Place("settings" if name == SETTINGS else "file", dataset, name)


@dataclasses.dataclass(frozen=True)
class Upload:
    """One version of a dropped object. `modified` is S3's LastModified, in whole seconds, with its zone.

    `sequencer` is that of the event; an upload that was found in a listing has none.
    """

    bucket: str
    key: str
    version_id: str
    modified: datetime.datetime
    sequencer: str = ""

    @property
    def id(self) -> str:
        """`20261124T124223Z-<12 hex of bucket, key and version>`: names sort as the fold does, to the second."""
        instant = self.modified.astimezone(datetime.UTC)
        return f"{instant:%Y%m%dT%H%M%SZ}-{digest_of(self.bucket, self.key, self.version_id)}"

    @property
    def dataset(self) -> str:
        return place(self.key).dataset

    @property
    def name(self) -> str:
        """The file's name without folders, which `exclude` of settings.json takes."""
        return place(self.key).name

    @property
    def order(self) -> tuple[str, str, bool, str, str]:
        """By this the uploads of a dataset are folded: LastModified, key, place among the key's versions.

        Of two versions of a key in one second the sequencer decides where both have one. S3 compares sequencers as
        text after the shorter one got zeros on its right, which is what cutting the zeros off does, too. Versions
        without a sequencer come before those with one, by their ids: an order by pairs alone (sequencer here, version
        id there) can run in circles, and a new upload must never change the order of two others.
        """
        sequencer = self.sequencer.upper().rstrip("0")
        return self.id.split("-")[0], self.key, bool(self.sequencer), sequencer, self.version_id


@dataclasses.dataclass(frozen=True)
class Verdict(Document):
    """What Split says of an upload, once and for all, in `verdicts/dataset=<d>/<id>.json` (If-None-Match).

    It depends on the upload and on `settings`, the version of settings.json, alone; `execution` (an ARN) only says who
    was first. An accepted one names the `folder` of its parts, one for each value of the `bits` leading bits of a
    ticker's CRC-32. `rows` are the accepted ones, one per ticker and day. `reading` is how the file was read, as
    Intake.report says it.
    """

    upload: Upload
    execution: str
    settings: str
    accepted: bool
    reason: str = ""
    folder: str = ""
    bits: int = 0
    rows: int = 0
    rejected_rows: int = 0
    tickers: int = 0
    first_day: str = ""
    last_day: str = ""
    reading: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.accepted != bool(self.folder) or self.accepted == bool(self.reason):
            raise ValueError("a verdict has a folder of parts if it accepts, and a reason if it rejects")


def instant_of(upload: str) -> datetime.datetime:
    """When the upload of this id was, to the second."""
    return datetime.datetime.strptime(upload.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)


def digest_of(bucket: str, key: str, version_id: str) -> str:
    """How the id of this version's upload ends."""
    return documents.digest(bucket, key, version_id)


def folder(upload: Upload, execution: str) -> str:
    """The prefix of the parts that this execution (an ARN) writes; two executions write beside each other."""
    return f"history/dataset={upload.dataset}/{upload.id}/{documents.digest(execution)[:8]}/"
