"""What a crawl knows: its crawler's settings and the files that it has read."""

import dataclasses
import json
from typing import Any

type Column = tuple[str, str]

NEW_FOLDERS = "CRAWL_NEW_FOLDERS_ONLY"


@dataclasses.dataclass(frozen=True)
class File:
    """A Parquet object: the columns and rows that its footer tells."""

    key: str
    size: int
    columns: tuple[Column, ...] = ()
    records: int = 0

    @property
    def folder(self) -> str:
        return self.key[: self.key.rfind("/") + 1]


@dataclasses.dataclass(frozen=True)
class Settings:
    """A crawler's configuration, with AWS's defaults for what it leaves out."""

    name: str
    database: str
    prefix: str
    merge_new_columns: bool
    inherit: bool
    combine: bool
    level: int
    index: bool
    update: bool
    delete: str
    new_folders: bool

    @classmethod
    def of(cls, crawler: dict[str, Any]) -> "Settings":
        configuration = json.loads(crawler.get("Configuration") or "{}")
        output, grouping = configuration.get("CrawlerOutput", {}), configuration.get("Grouping", {})
        policy = crawler.get("SchemaChangePolicy") or {}
        return cls(
            name=crawler["Name"],
            database=crawler["DatabaseName"],
            prefix=crawler.get("TablePrefix") or "",
            merge_new_columns=output.get("Tables", {}).get("AddOrUpdateBehavior") == "MergeNewColumns",
            inherit=output.get("Partitions", {}).get("AddOrUpdateBehavior") == "InheritFromTable",
            combine=grouping.get("TableGroupingPolicy") == "CombineCompatibleSchemas",
            level=int(grouping.get("TableLevelConfiguration", 0)),
            index=configuration.get("CreatePartitionIndex", True),
            update=policy.get("UpdateBehavior", "UPDATE_IN_DATABASE") == "UPDATE_IN_DATABASE",
            delete=policy.get("DeleteBehavior", "DEPRECATE_IN_DATABASE"),
            new_folders=(crawler.get("RecrawlPolicy") or {}).get("RecrawlBehavior") == NEW_FOLDERS,
        )
