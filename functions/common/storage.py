"""What the steps read from and write to S3."""

from common import aws


def get(bucket: str, key: str) -> bytes:
    return aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def put(bucket: str, key: str, body: bytes | str, content_type: str = "application/octet-stream") -> str:
    """Write the object whole and return its URI."""
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
    return f"s3://{bucket}/{key}"


def link(uri: str, hours: int) -> str:
    """An https address that opens the object for whoever has it, until it expires or its signer's credentials do."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    target = {"Bucket": bucket, "Key": key}
    return aws.client("s3").generate_presigned_url("get_object", Params=target, ExpiresIn=hours * 3600)


def delete_others(bucket: str, prefix: str, keep: set[str]) -> None:
    """Delete the keys below a prefix that this run did not write."""
    s3 = aws.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            if found["Key"] not in keep:
                s3.delete_object(Bucket=bucket, Key=found["Key"])
