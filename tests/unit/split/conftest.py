"""A bucket to drop files into."""

import pytest

from tests.support.split_runs import GOOD, OURS


@pytest.fixture
def drop(buckets):
    """Put a file into the incoming bucket; the event that Split gets for it."""
    buckets.put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})

    def put(content=GOOD, key="incoming/Daily/prices.csv", execution_arn=OURS):
        body = content.encode() if isinstance(content, str) else content
        version = buckets.put_object(Bucket="incoming", Key=key, Body=body)["VersionId"]
        source = {"bucket": "incoming", "key": key, "version_id": version, "sequencer": "0055"}
        return source | {"size": len(body), "execution_arn": execution_arn}

    return put
