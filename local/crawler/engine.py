"""One crawl: list, read, group, write to the catalog.

AWS's crawlers classify many formats; this one reads Parquet and fails, with a reason, on any other file. Where AWS's
documentation is silent: of a table's folders those with other partition keys than most are skipped, with the words AWS
logs for a table that exists.

A crawler of new folders reads everything once. From then on it lists as before, reads the folders that no good crawl
has listed, and adds partitions: /glue/latest/dg/incremental-crawls.html. It changes no table that stands, and makes new
ones, as the API has it of every SchemaChangePolicy (an older text of that page said that it makes none). The page
leaves out a folder whose schema is "not compatible". Here it is one with a column that the table lacks or has in
another type, the strictest reading.
"""

import hashlib
import threading
import time
from typing import Any

from local import permissions
from local.crawler import layout, tables
from local.crawler.catalog import Catalog
from local.crawler.errors import CrawlFailed, Stopped
from local.crawler.lake import Lake
from local.crawler.models import File, Settings
from local.crawler.tables import DEPRECATED, MADE_BY, RUN_ID


class Crawl:
    """The work of one StartCrawler; `lines` is its log, `created`, `updated` and `deleted` name tables."""

    def __init__(self, crawler: dict[str, Any], role: str, run_id: str, crawled: set[str] | None = None) -> None:
        """`crawled` are the folders that the crawler knows, None before its first good crawl; `folders` are all."""
        self.settings = Settings.of(crawler)
        self.known = crawled if self.settings.new_folders else None
        self.folders: set[str] = set()
        self.targets = (crawler.get("Targets") or {}).get("S3Targets") or []
        self.role, self.run_id = role, run_id
        self.stop = threading.Event()
        self.lines: list[str] = []
        self.created: list[str] = []
        self.updated: list[str] = []
        self.deleted: list[str] = []
        self._seen: set[str] = set()

    def run(self) -> None:
        """Raise CrawlFailed or Stopped, or have the catalog as the lake is."""
        if not permissions.role_trusts(self.role, "glue.amazonaws.com"):
            raise CrawlFailed(f"Service is unable to assume role {self.role}. Please verify role's TrustPolicy")
        self.lake, self.catalog = Lake(self.role), Catalog(self.role, self.settings.database)
        self.tell("BENCHMARK", f"Running Start Crawl for Crawler {self.settings.name}")
        self._existing = {table["Name"]: table for table in self.catalog.tables()}
        groups = [group for target in self.targets for group in self._target(target)]
        self.tell("BENCHMARK", f"Classification complete, writing results to database {self.settings.database}")
        self.tell("BENCHMARK", f"{self.lake.reads} requests have read {self.lake.bytes} bytes")
        for bucket, root, files in groups:
            self._go_on()
            self._table(bucket, root, files)
        if self.known is None:
            self._gone_tables()
        self.tell("BENCHMARK", "Finished writing to Catalog")

    def tell(self, level: str, text: str) -> None:
        self.lines.append(f"[{self.run_id}] {level} : {text}")

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise Stopped

    def _target(self, target: dict) -> list[tuple[str, str, list[File]]]:
        """Bucket, root and files of each table below the include path."""
        bucket, _, prefix = target["Path"].removeprefix("s3://").partition("/")
        include = prefix if not prefix or prefix.endswith("/") else prefix + "/"
        files = []
        for key, size in self.lake.objects(bucket, include):
            self._go_on()
            folder = f"{bucket}/{key[: key.rfind('/') + 1]}"
            self.folders.add(folder)
            if folder in (self.known or ()):
                continue
            if layout.is_crawled(key, size, include, target.get("Exclusions") or []):
                files.append(self.lake.file(bucket, key, size))
        grouped = layout.tables(files, include, self.settings.level, self.settings.combine)
        return [(bucket, root, members) for root, members in grouped.items()]

    def _table(self, bucket: str, root: str, files: list[File]) -> None:
        location = f"s3://{bucket}/{root}"
        self._seen.add(location)
        keys, folders, odd = layout.partitions(files, root)
        old = self._at(location)
        if old and old["PartitionKeys"]:
            old_keys = tuple(key["Name"] for key in old["PartitionKeys"])
            odd += [folder for folder in folders if layout.partition(folder, root)[0] != old_keys]
            keys, folders = old_keys, {folder: members for folder, members in folders.items() if folder not in odd}
        for folder in odd:
            self.tell(
                "WARN", f"Folder partition keys do not match table partition keys, skipped folder: {bucket}/{folder}"
            )
        files = [file for members in folders.values() for file in members]
        if not files:
            return
        if self.known is not None and old:
            self._new_partitions(old, bucket, root, folders)
            return
        for name in tables.columns(files)[1]:
            self.tell("WARN", f"Column {name} of {location} has types that do not fit together: string")
        name = old["Name"] if old else self._free_name(bucket, root, location)
        table = self._write(old, tables.table_input(self.settings, name, location, keys, files))
        if keys:
            self._partitions(table, bucket, root, folders)

    def _new_partitions(self, table: dict, bucket: str, root: str, folders: dict[str, list[File]]) -> None:
        """Add what is new to a table that stands and has all its columns."""
        columns = {(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]}
        fit = {folder: files for folder, files in folders.items() if set(tables.columns(files)[0]) <= columns}
        for folder in folders.keys() - fit.keys():
            self.tell("WARN", f"Folder schema does not match table schema, skipped folder: {bucket}/{folder}")
        if table["PartitionKeys"]:
            self._partitions(table, bucket, root, fit)

    def _at(self, location: str) -> dict | None:
        """The table of this place in S3, whoever made it."""
        for table in self._existing.values():
            if (table.get("StorageDescriptor") or {}).get("Location", "").rstrip("/") == location.rstrip("/"):
                return table
        return None

    def _free_name(self, bucket: str, root: str, location: str) -> str:
        """The folder's name; if another table has it, with a hash of the place behind it, as AWS does."""
        name = layout.table_name(bucket, root, self.settings.prefix)
        if name not in self._existing:
            return name
        return f"{name}_{hashlib.md5(location.encode(), usedforsecurity=False).hexdigest()}"

    def _write(self, old: dict | None, new: dict) -> dict:
        """Create or update the table; return it as it is now in the catalog."""
        name, database = new["Name"], self.settings.database
        if old is None:
            new["Parameters"][RUN_ID] = self.run_id
            self.catalog.create_table(new)
            self._existing[name] = new
            if self.settings.index and new["PartitionKeys"]:
                self.catalog.index_partitions(name, [key["Name"] for key in new["PartitionKeys"]])
            self.created.append(name)
            self.tell("INFO", f"Created table {name} in database {database}")
            return new
        new = tables.updated(self.settings, old, new)
        new["Parameters"][RUN_ID] = old["Parameters"].get(RUN_ID, self.run_id)
        if tables.same(old, new):
            return old
        if not self.settings.update:
            self.tell("INFO", f"Table {name} in database {database} has changed and is left as it is")
            return old
        new["Parameters"][RUN_ID] = self.run_id
        self.catalog.update_table(new)
        self.updated.append(name)
        self.tell("INFO", f"Updated table {name} in database {database}")
        return new

    def _partitions(self, table: dict, bucket: str, root: str, folders: dict[str, list[File]]) -> None:
        """New partitions are always created; others are changed and deleted as the policy has it."""
        name = table["Name"]
        existing = {tuple(partition["Values"]): partition for partition in self.catalog.partitions(name)}
        crawled: dict[tuple[str, ...], dict] = {}
        for folder, files in folders.items():
            values = layout.partition(folder, root)[1]
            crawled[values] = tables.partition_input(self.settings, values, f"s3://{bucket}/{folder}", files, table)
        self.catalog.create_partitions(name, [new for values, new in crawled.items() if values not in existing])
        changed = [new for values, new in crawled.items() if not tables.same(existing.get(values, new), new)]
        if self.settings.update:
            self.catalog.update_partitions(name, changed)
        gone = [list(values) for values in existing if values not in crawled and self.known is None]
        for lost in gone:
            self.tell("INFO", f"Partition {lost} of table {name} has no files any more")
        if self.settings.delete == "DELETE_FROM_DATABASE":
            self.catalog.delete_partitions(name, gone)

    def _gone_tables(self) -> None:
        """Tables this crawler made below its targets where there is nothing any more."""
        targets = tuple(target["Path"].rstrip("/") + "/" for target in self.targets)
        for name, table in self._existing.items():
            location = (table.get("StorageDescriptor") or {}).get("Location", "")
            ours = table.get("Parameters", {}).get(MADE_BY) == self.settings.name
            if not ours or location in self._seen or not location.startswith(targets):
                continue
            self.tell("INFO", f"Table {name} has no files any more")
            if self.settings.delete == "DELETE_FROM_DATABASE":
                self.catalog.delete_table(name)
                self.deleted.append(name)
            elif self.settings.delete == "DEPRECATE_IN_DATABASE" and DEPRECATED not in table["Parameters"]:
                deprecated = table["Parameters"] | {DEPRECATED: str(int(time.time() * 1000))}
                self.catalog.update_table(tables.as_input(table) | {"Parameters": deprecated})
                self.updated.append(name)
