"""The guard of the laptop cloud: nothing is done that is not signed with a key of this cloud."""

import dataclasses
import datetime
import hashlib
import re
from urllib.parse import urlencode

import boto3
import pytest
from botocore.exceptions import ClientError

from local import paths
from tests.support.signed import BUCKET, JSON, REFUSED, REGION, WRONG, Signer, exists, signed_at


@pytest.mark.parametrize(
    ("service", "method", "target", "headers", "code"),
    [
        ("s3", "GET", "/", {}, "AccessDenied"),
        ("s3", "PUT", f"/{BUCKET}/a.txt", {}, "AccessDenied"),
        ("s3", "GET", "/health", {}, "AccessDenied"),
        ("states", "POST", "/", JSON, "MissingAuthenticationTokenException"),
        ("lambda", "GET", "/2015-03-31/functions/", {}, "MissingAuthenticationTokenException"),
    ],
)
def test_without_a_signature_nothing_is_done(laptop, root, put, service, method, target, headers, code):
    signed = root.call(service, method, target, **headers)
    bare = {name: value for name, value in signed.headers.items() if name.lower() != "authorization"}
    status, said = dataclasses.replace(signed, headers=bare).send()
    assert (400 <= status <= 403, said) == (True, code)
    assert not exists(laptop)
    assert signed.send()[0] < 300 or target == "/health"


@pytest.mark.parametrize("wrong", ["key", "secret"])
@pytest.mark.parametrize(
    ("service", "operation", "code", "unknown"),
    [
        ("s3", "list_buckets", "SignatureDoesNotMatch", "InvalidAccessKeyId"),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch", "InvalidClientTokenId"),
        ("sns", "list_topics", "SignatureDoesNotMatch", "InvalidClientTokenId"),
        ("cloudformation", "list_stacks", "SignatureDoesNotMatch", "InvalidClientTokenId"),
        ("cloudwatch", "describe_alarms", "SignatureDoesNotMatch", "InvalidClientTokenId"),
        ("stepfunctions", "list_state_machines", "InvalidSignatureException", "UnrecognizedClientException"),
        ("glue", "get_databases", "InvalidSignatureException", "UnrecognizedClientException"),
        ("athena", "list_work_groups", "InvalidSignatureException", "UnrecognizedClientException"),
        ("sagemaker", "list_models", "InvalidSignatureException", "UnrecognizedClientException"),
        ("lambda", "list_functions", "InvalidSignatureException", "UnrecognizedClientException"),
    ],
)
def test_a_client_passes_with_the_key_and_reads_why_without(laptop, root, service, operation, code, unknown, wrong):
    getattr(laptop(service), operation)()
    key, secret = ("AKIA" + "0123456789ABCDEF", root.secret) if wrong == "key" else (root.key, "laptop")
    other = boto3.session.Session(key, secret, region_name=REGION).client(service, endpoint_url=root.endpoint)
    with pytest.raises(ClientError) as refused:
        getattr(other, operation)()
    assert refused.value.response["Error"]["Code"] == (unknown if wrong == "key" else code)


@pytest.mark.parametrize("key", ["test", "000000000000", "123456789013", ""])
def test_no_other_root_key_of_ministacks_is_one(root, key):
    assert dataclasses.replace(root, key=key).call("s3", "GET", "/").send()[0] in (400, 403)
    assert dataclasses.replace(root, key=key).call("states", "POST", "/", b"{}", **JSON).send()[0] in (400, 403)


def test_keys_of_its_users_and_roles_pass_and_have_their_own_rights(laptop, root, reader):
    laptop("s3").put_object(Bucket=BUCKET, Key="read.txt", Body=b"text")
    laptop("iam").create_user(UserName="anna")
    keys = laptop("iam").create_access_key(UserName="anna")["AccessKey"]
    anna = Signer(root.endpoint, keys["AccessKeyId"], keys["SecretAccessKey"])
    assert reader.call("s3", "GET", f"/{BUCKET}/read.txt").send() == (200, "")
    assert reader.link("s3", "GET", f"/{BUCKET}/read.txt").send() == (200, "")
    assert reader.call("s3", "PUT", f"/{BUCKET}/read.txt").send() == REFUSED
    assert anna.call("sts", "POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15").send() == (200, "")
    assert anna.call("s3", "GET", f"/{BUCKET}/read.txt").send() == REFUSED
    assert dataclasses.replace(anna, secret=root.secret).call("sts", "POST", "/", b"Action=GetCallerIdentity").send()[
        0
    ] in (400, 403)


@pytest.mark.parametrize(("whose", "token"), [("role", None), ("role", "another"), ("root", "another")])
def test_a_session_has_one_token_and_root_none(laptop, root, reader, whose, token):
    laptop("s3").put_object(Bucket=BUCKET, Key="read.txt", Body=b"text")
    with_other = dataclasses.replace(root if whose == "root" else reader, token=token)
    assert with_other.call("s3", "GET", f"/{BUCKET}/read.txt").send()[0] in (400, 403)
    assert with_other.link("s3", "GET", f"/{BUCKET}/read.txt").send()[0] in (400, 403)


def another_second(time):
    return time[:-2] + str((int(time[-2]) + 1) % 10) + "Z"


TAMPERED = {
    "body": lambda call: call.but(body=b"tekst"),
    "longer body": lambda call: call.but(body=call.body + b" "),
    "no body": lambda call: call.but(body=b""),
    "path": lambda call: call.but(target=call.target.replace("a.txt", "b.txt")),
    "path's case": lambda call: call.but(target=call.target.replace("a.txt", "A.txt")),
    "query": lambda call: call.but(target=f"{call.target}?acl"),
    "method": lambda call: dataclasses.replace(call, method="POST"),
    "header": lambda call: call.but(x_amz_meta_who="you"),
    "new header": lambda call: call.but(x_amz_acl="public-read"),
    "target": lambda call: call.but(x_amz_target="AWSStepFunctions.ListStateMachines"),
    "date": lambda call: call.but(x_amz_date=another_second(call.headers["X-Amz-Date"])),
    "hash": lambda call: call.but(x_amz_content_sha256="0" * 64),
    "no hash": lambda call: call.but(x_amz_content_sha256="UNSIGNED-PAYLOAD"),
    "signature": lambda call: call.but(authorization=call.headers["Authorization"][:-4] + "0000"),
    "region": lambda call: call.but(authorization=call.headers["Authorization"].replace("us-east-1", "us-east-2")),
    "service": lambda call: call.but(authorization=call.headers["Authorization"].replace("/s3/", "/sns/")),
    "day": lambda call: call.but(authorization=re.sub(r"/\d{8}/", "/20200101/", call.headers["Authorization"])),
    "unsigned host": lambda call: call.but(authorization=call.headers["Authorization"].replace("host;", "")),
    "header left out": lambda call: dataclasses.replace(
        call, headers={name: value for name, value in call.headers.items() if name != "x-amz-meta-who"}
    ),
}


@pytest.mark.parametrize("change", TAMPERED)
def test_what_was_changed_after_signing_is_not_done(laptop, put, change):
    changed = TAMPERED[change](put)
    assert changed != put
    assert changed.send()[1] in ("SignatureDoesNotMatch", "InvalidSignatureException", "AuthorizationHeaderMalformed")
    assert not exists(laptop)
    assert put.send() == (200, "")
    assert exists(laptop)


def test_a_plus_in_a_query_is_the_space_that_services_read(root):
    assert root.call("s3", "GET", f"/{BUCKET}?prefix=a%20b").but(target=f"/{BUCKET}?prefix=a+b").send() == (200, "")
    assert root.call("s3", "GET", f"/{BUCKET}?prefix=a%2Bb").but(target=f"/{BUCKET}?prefix=a+b").send() == WRONG


@pytest.mark.parametrize(
    ("service", "body", "other", "headers"),
    [
        ("sts", b"Action=GetCallerIdentity&Version=2011-06-15", b"Action=GetSessionToken&Version=2011-06-15", {}),
        ("states", b'{"maxResults": 1}', b'{"maxResults": 2}', JSON),
        ("states", b"{}", b"[]", JSON | {"x_amz_content_sha256": hashlib.sha256(b"{}").hexdigest()}),
    ],
    ids=["query", "json", "json with a hash"],
)  # fmt: skip
def test_bodies_of_other_services_are_signed_too(root, service, body, other, headers):
    signed = root.call(service, "POST", "/", body, **headers)
    assert signed.send() == (200, "")
    assert signed.but(body=other).send()[1] in ("SignatureDoesNotMatch", "InvalidSignatureException")
    assert signed.but(target="/?Action=ListTopics").send()[0] in (400, 403)


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer 1",
        "AWS key:signature",
        "AWS4-ECDSA-P256-SHA256 Credential=a/20260101/s3/aws4_request, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=a/2026/us-east-1/s3/aws4_request, Credential=b, SignedHeaders=host, Signature=0",
    ],
)
def test_other_and_half_signatures_are_none(root, authorization):
    assert root.call("s3", "GET", "/").but(authorization=authorization).send()[0] in (400, 403)


def test_a_second_signature_lends_no_rights(root, reader):
    """MiniStack believes the header's key without proof where it is the root's; a role's link must not carry it."""
    credential = f"AWS4-HMAC-SHA256 Credential={root.key}/20260101/{REGION}/s3/aws4_request"
    header = f"{credential}, SignedHeaders=host, Signature=0"
    linked = reader.link("s3", "PUT", f"/{BUCKET}/a.txt")
    assert linked.send() == REFUSED
    assert linked.but(authorization=header).send() == (400, "InvalidRequest")
    query = urlencode({"x-amz-credential": f"{root.key}/20260101/{REGION}/s3/aws4_request"})
    with_query = reader.call("s3", "PUT", f"/{BUCKET}/a.txt?{query}")
    assert with_query.send() == (400, "InvalidRequest")


def test_a_credential_among_the_names_of_headers_lends_no_rights(laptop, reader, put):
    """A role knows its secret, so it can sign whatever the guard would make of this."""
    signed = reader.call("s3", "PUT", f"/{BUCKET}/a.txt", b"text")
    parts = dict(part.split("=", 1) for part in signed.headers["Authorization"].partition(" ")[2].split(", "))
    names = f"{parts['SignedHeaders']};Credential={paths.ACCOUNT}/"
    rest = f"Credential={parts['Credential']}, Signature={parts['Signature']}"
    assert signed.but(authorization=f"AWS4-HMAC-SHA256 SignedHeaders={names}, {rest}").send() == WRONG
    assert not exists(laptop)


@pytest.mark.parametrize(("minutes", "passes"), [(-16, False), (-14, True), (0, True), (14, True), (16, False)])
def test_a_signature_is_of_these_minutes(root, monkeypatch, minutes, passes):
    signed_at(monkeypatch, datetime.timedelta(minutes=minutes))
    assert root.call("s3", "GET", "/").send() == ((200, "") if passes else (403, "RequestTimeTooSkewed"))
