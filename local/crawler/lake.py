"""What a crawl reads from S3 and writes to its log, with temporary credentials of the crawler's role."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
from botocore.exceptions import ClientError

from local import clients, permissions
from local.crawler import types
from local.crawler.errors import CrawlFailed
from local.crawler.models import Column, File

SESSION = "AWS-Crawler"
LOG_GROUP = "/aws-glue/crawlers"
MAGIC = b"PAR1"
SHORTEST = 12  # bytes of the magic words and the footer's length
FOOTER_GUESS = 1 << 16


class Lake:
    """A role's view of S3 and of its log group."""

    def __init__(self, role: str) -> None:
        credentials = permissions.role_credentials(role, SESSION)
        self.reads = self.bytes = 0  # of GetObject
        self._s3, self._logs = clients.client("s3", credentials), clients.client("logs", credentials)
        self._duckdb = duckdb.connect()

    def objects(self, bucket: str, prefix: str) -> list[tuple[str, int]]:
        """Keys and sizes below the prefix, by key."""
        with _as_crawl_error():
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return [(item["Key"], item["Size"]) for page in pages for item in page.get("Contents", [])]

    def file(self, bucket: str, key: str, size: int) -> File:
        """The file by its footer. Raises CrawlFailed where it is no Parquet."""
        tail = self._read(bucket, key, max(size - FOOTER_GUESS, 0), size)
        if size <= SHORTEST or not tail.endswith(MAGIC):
            raise CrawlFailed(
                f"s3://{bucket}/{key} is no Parquet file, and the laptop cloud's crawler reads Parquet only"
            )
        footer = int.from_bytes(tail[-8:-4], "little") + 8
        if footer > len(tail):
            tail = self._read(bucket, key, max(size - footer, 0), size)
        try:
            columns, records = self._footer(size, tail)
        except (duckdb.Error, StopIteration, KeyError) as error:
            words = str(error).partition("\n")[0]
            raise CrawlFailed(f"s3://{bucket}/{key} ends like a Parquet file and cannot be read: {words}") from error
        return File(key, size, columns, records)

    def _footer(self, size: int, tail: bytes) -> tuple[tuple[Column, ...], int]:
        """Columns and rows. DuckDB reads files only: one that is empty up to the footer is enough for it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "footer"
            with path.open("wb") as file:
                file.seek(size - len(tail))
                file.write(tail)
            schema = self._duckdb.execute(f"{types.QUERY} from parquet_schema(?)", [str(path)])
            names = [column[0] for column in schema.description or []]
            columns = types.columns([dict(zip(names, row, strict=True)) for row in schema.fetchall()])
            counted = self._duckdb.execute("select num_rows from parquet_file_metadata(?)", [str(path)])
            return columns, (counted.fetchone() or (0,))[0]

    def _read(self, bucket: str, key: str, start: int, end: int) -> bytes:
        with _as_crawl_error():
            answer = self._s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{end - 1}")
            body = answer["Body"].read()
        self.reads, self.bytes = self.reads + 1, self.bytes + len(body)
        return body

    def log(self, stream: str, lines: list[str]) -> None:
        """Append to the crawler's log; a role that may not write logs crawls without one."""
        events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]
        exists = self._logs.exceptions.ResourceAlreadyExistsException
        with contextlib.suppress(ClientError):
            with contextlib.suppress(exists):
                self._logs.create_log_group(logGroupName=LOG_GROUP)
            with contextlib.suppress(exists):
                self._logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
            self._logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=stream, logEvents=events)


@contextlib.contextmanager
def _as_crawl_error() -> Iterator[None]:
    """What S3 refuses ends the crawl, in the words of the SDK that AWS's crawlers use."""
    try:
        yield
    except ClientError as error:
        refusal, meta = error.response["Error"], error.response["ResponseMetadata"]
        raise CrawlFailed(
            f"{refusal['Message']} (Service: Amazon S3; Status Code: {meta['HTTPStatusCode']}; "
            f"Error Code: {refusal['Code']}; Request ID: {meta.get('RequestId', '')})"
        ) from error
