"""Athena: GetTableMetadata of a table that does not exist is an error.

AWS: "GetTableMetadata" of the Athena API Reference, /athena/latest/APIReference/API_GetTableMetadata.html: the call has
MetadataException among its errors. That a missing table ends in it, in these words, is measured nowhere: from memory.
MiniStack describes tables that do not exist.
"""

from local import ministack
from local.ministack import Response


def install() -> None:
    ministack.get_table_metadata.replace(get_table_metadata)


def get_table_metadata(data: dict) -> Response:
    table = ministack.tables.get(f"{data['DatabaseName']}/{data['TableName']}")
    if table is None:
        message = f"EntityNotFoundException: Entity Not Found: {data['TableName']}"
        return ministack.error_response_json("MetadataException", message, 400)
    return ministack.json_response({"TableMetadata": ministack.table_metadata(table)})
