"""What the steps read from and write to S3."""

from common import aws


def get(bucket: str, key: str) -> bytes:
    return aws.s3().get_object(Bucket=bucket, Key=key)["Body"].read()


def put(bucket: str, key: str, body: bytes | str, content_type: str = "application/octet-stream") -> str:
    """Write the object whole and return its URI."""
    aws.s3().put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
    return f"s3://{bucket}/{key}"


def link(uri: str, hours: int) -> str:
    """An https address that opens the object for whoever has it, until it expires or its signer's credentials do."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    target = {"Bucket": bucket, "Key": key}
    return aws.s3().generate_presigned_url("get_object", Params=target, ExpiresIn=hours * 3600)
