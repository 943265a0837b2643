"""The guard of the laptop cloud: links and clients, which pass as they are."""

import base64
import dataclasses
import datetime
import json
import os
import stat
import subprocess
import urllib.error
import zlib

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from local import paths
from tests.support.signed import BUCKET, REFUSED, REGION, WRONG, exists, fetch, signed_at


def test_a_link_works_until_it_expires(laptop, root, monkeypatch):
    laptop("s3").put_object(Bucket=BUCKET, Key="report.html", Body=b"text")
    signed_at(monkeypatch, -datetime.timedelta(minutes=59))
    link = root.link("s3", "GET", f"/{BUCKET}/report.html", expires=3600)
    assert link.send() == (200, "")
    assert root.link("s3", "GET", f"/{BUCKET}/report.html", expires=3000).send() == REFUSED
    assert link.but(target=link.target.replace("Expires=3600", "Expires=7200")).send() == WRONG
    assert link.but(target=link.target.replace("report.html", "other.html")).send() == WRONG
    assert link.but(target=f"{link.target}&versionId=1").send() == WRONG
    assert dataclasses.replace(link, method="DELETE").send() == WRONG
    assert link.but(x_amz_target="AWSStepFunctions.ListStateMachines").send() == (400, "InvalidSignatureException")
    assert link.but(sec_fetch_site="cross-site").send() == REFUSED


@pytest.mark.parametrize(("seconds", "passes"), [(1, True), (604800, True), (0, False), (-1, False), (604801, False)])
def test_a_link_says_how_long_in_seconds(root, seconds, passes):
    target = "/?Action=GetCallerIdentity&Version=2011-06-15"
    link = root.link("sts", "GET", target, expires=seconds)
    assert link.send() == ((200, "") if passes else (400, "IncompleteSignature"))


@pytest.fixture(scope="module")
def links(root):
    """A client of S3 that makes links as the functions do; by itself boto3 makes some of Signature Version 2."""
    session = boto3.session.Session(root.key, root.secret, region_name=REGION)
    return session.client("s3", endpoint_url=root.endpoint, config=Config(signature_version="s3v4"))


def test_a_link_for_a_file_takes_any_body(laptop, links, put):
    link = links.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "a.txt"})
    fetch(link, "PUT", b"x" * 1_000_000)
    assert laptop("s3").head_object(Bucket=BUCKET, Key="a.txt")["ContentLength"] == 1_000_000


def test_links_of_other_services_expire_and_sign_their_body(root, monkeypatch):
    link = root.link("sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", expires=60)
    assert link.send() == (200, "")
    assert link.but(target=link.target.replace("GetCallerIdentity", "GetSessionToken")).send() == WRONG
    assert link.but(body=b"Action=GetSessionToken").send() == WRONG
    signed_at(monkeypatch, -datetime.timedelta(seconds=61))
    assert root.link("sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", expires=60).send() == WRONG


def test_signature_version_2_is_refused(laptop, root, put):
    old = boto3.session.Session(root.key, root.secret, region_name=REGION).client(
        "s3", endpoint_url=root.endpoint, config=Config(signature_version="s3")
    )
    link = old.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "a.txt"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fetch(link, "PUT", b"text")
    with pytest.raises(ClientError, match="InvalidRequest"):
        old.put_object(Bucket=BUCKET, Key="a.txt", Body=b"text")
    assert not exists(laptop)


@pytest.mark.parametrize(
    "key",
    ["plain", "a b", "a+b", "a%20b", "a%2Fb", "a//b", "a/../b", "k=v/run_id=1", "ü€/日本", "a?b#c&d=e", "~-_.*'()!"],
)
def test_boto3_writes_and_reads_any_key(links, key):
    s3 = links
    s3.put_object(Bucket=BUCKET, Key=f"keys/{key}", Body=key.encode(), Metadata={"who": "me  two"})
    assert s3.get_object(Bucket=BUCKET, Key=f"keys/{key}")["Body"].read() == key.encode()
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix=f"keys/{key}", Delimiter="|")["Contents"][0]["Key"] == f"keys/{key}"
    link = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": f"keys/{key}"})
    assert fetch(link) == key.encode()


def test_boto3_uploads_in_parts_and_with_checksums(laptop, tmp_path):
    file, size = tmp_path / "large", 12_000_000
    file.write_bytes(os.urandom(size))
    s3, parts = laptop("s3"), TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    s3.upload_file(str(file), BUCKET, "large", Config=parts)
    with file.open("rb") as stream:
        s3.put_object(Bucket=BUCKET, Key="checked", Body=stream, ChecksumAlgorithm="SHA256")
    for key in ("large", "checked"):
        s3.download_file(BUCKET, key, str(tmp_path / key))
        assert (tmp_path / key).read_bytes() == file.read_bytes()


CHECKSUM = base64.b64encode(zlib.crc32(b"text").to_bytes(4, "big"))
TRAILED = b"4\r\ntext\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % CHECKSUM


@pytest.mark.parametrize(
    ("word", "body"), [("STREAMING-UNSIGNED-PAYLOAD-TRAILER", TRAILED), ("UNSIGNED-PAYLOAD", b"text")], ids=str
)
def test_s3_takes_bodies_without_a_hash_from_who_signs_that(laptop, root, put, word, body):
    """As clients send them where the connection is encrypted."""
    headers = {"x_amz_content_sha256": word}
    if body == TRAILED:
        headers |= {
            "content_encoding": "aws-chunked", "x_amz_trailer": "x-amz-checksum-crc32",
            "x_amz_decoded_content_length": "4",
        }  # fmt: skip
    signed = root.call("s3", "PUT", f"/{BUCKET}/a.txt", body, **headers)
    assert signed.but(x_amz_content_sha256="UNSIGNED-PAYLOAD-").send() == WRONG
    assert signed.but(target=f"/{BUCKET}/b.txt").send() == WRONG
    assert not exists(laptop)
    assert signed.send() == (200, "")
    assert laptop("s3").get_object(Bucket=BUCKET, Key="a.txt")["Body"].read() == b"text"


def test_other_services_take_no_body_without_a_hash(root):
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    assert root.call("sts", "POST", "/", body).send() == (200, "")
    assert root.call("sts", "POST", "/", body, x_amz_content_sha256="UNSIGNED-PAYLOAD").send() == WRONG


def test_a_functions_arn_is_part_of_a_path(laptop, make_function):
    arn = make_function("echo", "def handler(event, context):\n    return event\n")
    answer = laptop("lambda").invoke(FunctionName=arn, Payload=b'{"a": 1}')
    assert json.loads(answer["Payload"].read()) == {"a": 1}


def test_the_aws_cli_takes_what_local_env_prints(root, tmp_path):
    """Though the shell had another account's session, which the variables take away."""
    (tmp_path / "a.txt").write_text("text")
    tools = paths.ROOT / ".venv-clients" / "bin"
    script = f"""
    set -e
    variables=$({paths.python("")} -m local env)
    eval "$variables"
    {tools}/aws s3 cp {tmp_path}/a.txt s3://{BUCKET}/cli/a.txt
    {tools}/aws s3 cp s3://{BUCKET}/cli/a.txt -
    {tools}/aws sts get-caller-identity
    """
    given = {
        "PATH": os.environ["PATH"],
        "LOCAL_STATE": str(paths.STATE),
        "AWS_SESSION_TOKEN": "old",
        "AWS_PROFILE": "p",
    }
    done = subprocess.run(
        ["/bin/bash", "-c", script], cwd=paths.ROOT, env=given, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "text" in done.stdout
    assert f"arn:aws:iam::{paths.ACCOUNT}:root" in done.stdout


def test_the_secret_is_the_users_alone(root):
    assert stat.S_IMODE(paths.STATE.stat().st_mode) == 0o700
    assert stat.S_IMODE(paths.SETTINGS.stat().st_mode) == 0o600
    assert len(root.secret) >= 40
    others = [file for file in paths.STATE.rglob("*") if file.is_file() and file != paths.SETTINGS]
    assert [file for file in others if root.secret.encode() in file.read_bytes()] == []
