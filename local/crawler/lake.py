"""What a crawl reads from S3 and writes to its log, with temporary credentials of the crawler's role."""

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3
import duckdb
from botocore.config import Config
from botocore.exceptions import ClientError

from local import paths, permissions
from local.crawler import parquet, text
from local.crawler.errors import CrawlFailed
from local.crawler.layout import File

SESSION = "AWS-Crawler"
LOG_GROUP = "/aws-glue/crawlers"
MAGIC = b"PAR1"
FOOTER_GUESS = 1 << 16
CSV_HEAD = 1 << 20

_known: dict[tuple[str, str, str], File] = {}  # by bucket, key and ETag: what an earlier crawl made of the same bytes


class Lake:
    """A role's view of S3 and of its log group."""

    def __init__(self, role: str) -> None:
        found = permissions.role_credentials(role, SESSION)
        session: Any = boto3.session.Session(
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=found["AWS_SESSION_TOKEN"],
            region_name=paths.REGION,
        )
        options: dict[str, Any] = {
            "endpoint_url": f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
            "config": Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"}),
        }
        self._role = role
        self._s3, self._logs = session.client("s3", **options), session.client("logs", **options)
        self._duckdb = duckdb.connect()

    def objects(self, bucket: str, prefix: str) -> list[tuple[str, int, str]]:
        """Keys, sizes and ETags below the prefix, by key."""
        with _as_crawl_error():
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return [(item["Key"], item["Size"], item["ETag"]) for page in pages for item in page.get("Contents", [])]

    def file(self, bucket: str, key: str, size: int, etag: str) -> File:
        """The object, classified; read again only where it has changed, if the role may still read it."""
        known = _known.get((bucket, key, etag))
        if known and permissions.role_allows(self._role, "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"):
            return known
        found = _known[bucket, key, etag] = self._classified(bucket, key, size)
        return found

    def _classified(self, bucket: str, key: str, size: int) -> File:
        """Parquet by its footer, CSV by its beginning, anything else UNKNOWN."""
        tail = self._read(bucket, key, max(size - FOOTER_GUESS, 0), size)
        if tail.endswith(MAGIC) and size > 12:
            footer = int.from_bytes(tail[-8:-4], "little") + 8
            if footer > len(tail):
                tail = self._read(bucket, key, max(size - footer, 0), size)
            return self._parquet(key, size, tail)
        head = self._read(bucket, key, 0, min(size, CSV_HEAD))
        if (found := text.classify(head, whole=size <= CSV_HEAD)) is None:
            return File(key, size, "UNKNOWN")
        columns, records, details = found
        return File(key, size, "csv", columns, records * size // len(head), tuple(details.items()))

    def _parquet(self, key: str, size: int, tail: bytes) -> File:
        """DuckDB reads files only: one that is empty up to the footer is enough for it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "footer"
            with path.open("wb") as file:
                file.seek(size - len(tail))
                file.write(tail)
            try:
                found = self._duckdb.execute(f"{parquet.QUERY} from parquet_schema(?)", [str(path)])
                names = [column[0] for column in found.description or []]
                columns = parquet.columns([dict(zip(names, row, strict=True)) for row in found.fetchall()])
                counted = self._duckdb.execute("select num_rows from parquet_file_metadata(?)", [str(path)])
                records = (counted.fetchone() or (0,))[0]
            except (duckdb.Error, StopIteration, KeyError):
                return File(key, size, "UNKNOWN")
        return File(key, size, "parquet", columns, records)

    def _read(self, bucket: str, key: str, start: int, end: int) -> bytes:
        with _as_crawl_error():
            answer = self._s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{end - 1}")
            return answer["Body"].read()

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
def _as_crawl_error():
    """What S3 refuses ends the crawl, in the words of the SDK that AWS's crawlers use."""
    try:
        yield
    except ClientError as error:
        told, meta = error.response["Error"], error.response["ResponseMetadata"]
        raise CrawlFailed(
            f"{told['Message']} (Service: Amazon S3; Status Code: {meta['HTTPStatusCode']}; "
            f"Error Code: {told['Code']}; Request ID: {meta.get('RequestId', '')})"
        ) from error
