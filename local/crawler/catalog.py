"""The Glue catalog as a crawler's role may use it."""

import json
from typing import Any

from local import ministack, permissions
from local.crawler.errors import CrawlFailed
from local.crawler.lake import SESSION

BATCH = 100  # partitions in one call, AWS's limit


class Catalog:
    def __init__(self, role: str, database: str) -> None:
        self._role, self._database = role, database

    def tables(self) -> list[dict]:
        return self._call("GetTables", "*")["TableList"]

    def create_table(self, table: dict) -> None:
        self._call("CreateTable", table["Name"], TableInput=table)

    def update_table(self, table: dict) -> None:
        self._call("UpdateTable", table["Name"], TableInput=table)

    def delete_table(self, name: str) -> None:
        self._call("DeleteTable", name, Name=name)

    def index_partitions(self, name: str, keys: list[str]) -> None:
        """AWS's crawlers index what they create by default: it needs rights of its own."""
        if not self._call("GetPartitionIndexes", name, TableName=name)["PartitionIndexDescriptorList"]:
            index = {"IndexName": "crawler_partition_index", "Keys": keys}
            self._call("CreatePartitionIndex", name, TableName=name, PartitionIndex=index)

    def partitions(self, name: str) -> list[dict]:
        return self._call("GetPartitions", name, TableName=name)["Partitions"]

    def create_partitions(self, name: str, inputs: list[dict]) -> None:
        for start in range(0, len(inputs), BATCH):
            batch = inputs[start : start + BATCH]
            self._call("BatchCreatePartition", name, TableName=name, PartitionInputList=batch)

    def update_partitions(self, name: str, inputs: list[dict]) -> None:
        entries = [{"PartitionValueList": given["Values"], "PartitionInput": given} for given in inputs]
        for start in range(0, len(entries), BATCH):
            self._call("BatchUpdatePartition", name, TableName=name, Entries=entries[start : start + BATCH])

    def delete_partitions(self, name: str, values: list[list[str]]) -> None:
        """One by one, for MiniStack has no BatchDeletePartition; the right asked for is the one AWS asks for."""
        for of_partition in values:
            self._call("DeletePartition", name, "BatchDeletePartition", TableName=name, PartitionValues=of_partition)

    def _call(self, operation: str, table: str, action: str = "", **request: Any) -> dict:
        """MiniStack's handler, after the role's rights on the catalog, the database and the table: AWS checks all."""
        names = ["catalog", f"database/{self._database}", f"table/{self._database}/{table}"]
        place = f"arn:aws:glue:{ministack.get_region()}:{ministack.get_account_id()}"
        for name in names:
            self._must_allow(f"glue:{action or operation}", f"{place}:{name}")
        # Through JSON, as over the wire: what the catalog keeps must not be what the crawl goes on changing.
        status, _, body = ministack.catalog_calls[operation](
            json.loads(json.dumps({"DatabaseName": self._database, **request}))
        )
        answer = json.loads(body)
        if status != 200:
            raise CrawlFailed(f"{answer.get('message', '')} (Service: AWSGlue; Status Code: {status}; "
                              f"Error Code: {answer.get('__type', '')})")  # fmt: skip
        if answer.get("Errors"):
            raise CrawlFailed(answer["Errors"][0]["ErrorDetail"]["ErrorMessage"])
        return answer

    def _must_allow(self, action: str, arn: str) -> None:
        if not permissions.role_allows(self._role, action, arn):
            raise CrawlFailed(
                f"User: {permissions.session_arn(self._role, SESSION)} is not authorized to perform: {action} on "
                f"resource: {arn} because no identity-based policy allows the {action} action "
                f"(Service: AWSGlue; Status Code: 400; Error Code: AccessDeniedException)"
            )
