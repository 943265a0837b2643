"""The guard of the laptop cloud: no web page gets through, whatever it sends."""

import http.server
import re
import socket
import threading
import urllib.error

import pytest

from local import cloud
from local.guard import pages
from tests.support.signed import BUCKET, REFUSED, exists, fetch


def port(root):
    return root.endpoint.rpartition(":")[2]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "ITSELF"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none, cross-site"},
        {"host": "evil.example"},
        {"host": "evil.example:PORT"},
        {"host": "127.0.0.1"},
        {"host": "127.0.0.1:1"},
        {"host": "127.0.0.1.evil.example:PORT"},
        {"host": f"{BUCKET}.localhost:PORT"},
        {"host": "0.0.0.0:PORT"},
        {"host": "[::1]:PORT"},
    ],
    ids=str,
)
def test_no_page_gets_through_though_it_could_sign(laptop, root, put, headers):
    named = {
        name: value.replace("PORT", port(root)).replace("ITSELF", root.endpoint) for name, value in headers.items()
    }
    signed = root.call("s3", "PUT", f"/{BUCKET}/a.txt", b"text", **named)
    assert signed.send() == REFUSED
    assert not exists(laptop)


@pytest.mark.parametrize(
    "headers", [{"sec_fetch_site": "none"}, {"host": "localhost:PORT"}, {"host": "LOCALHOST:PORT"}], ids=str
)
def test_a_typed_address_and_the_other_name_get_through(laptop, root, put, headers):
    named = {name: value.replace("PORT", port(root)) for name, value in headers.items()}
    assert root.call("s3", "PUT", f"/{BUCKET}/a.txt", b"text", **named).send() == (200, "")
    assert exists(laptop)


def test_clients_leave_out_the_port_of_http():
    assert pages.hosts(8080) == ["127.0.0.1:8080", "localhost:8080"]
    assert {"127.0.0.1", "localhost", "127.0.0.1:80"} < set(pages.hosts(80))


def test_two_hosts_are_none(root):
    with socket.create_connection(("127.0.0.1", int(port(root)))) as raw:
        host = f"Host: 127.0.0.1:{port(root)}\r\n"
        raw.sendall(f"GET / HTTP/1.1\r\n{host}{host}\r\n".encode())
        assert re.match(rb"HTTP/1.1 40[03]", raw.recv(100))


@pytest.mark.parametrize("service", ["s3", "lambda"])
def test_a_preflight_gets_no_invitation(root, service):
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "x-amz-target"}
    signed = root.call(service, "OPTIONS", "/2015-03-31/functions/", **asked)
    assert signed.send()[0] == 403
    assert signed.but(origin="http://evil.example").send()[0] == 403


def test_a_websocket_is_refused(root):
    """By itself MiniStack opens this one, to MQTT of its IoT."""
    lines = (
        "GET /mqtt HTTP/1.1", "Host: a.iot.us-east-1.amazonaws.com", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: mqtt",
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", int(port(root)))) as raw:
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/%5Fministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/health"),
        ("GET", "/_ministack/ready"),
        ("GET", "/_ministack/sqs/messages"),
        ("GET", "/_localstack/health"),
        ("GET", "/_aws/execute-api/a/b"),
    ],
)
def test_the_emulators_own_paths_are_closed_to_the_owner_too(laptop, root, method, path):
    assert root.call("s3", method, path).send() == REFUSED
    assert BUCKET in [bucket["Name"] for bucket in laptop("s3").list_buckets()["Buckets"]]


RANDOM = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("PUT", f"/_ministack/cfn-response/{RANDOM}", {}, 200),
        ("PUT", f"/_ministack/cfn-response/{RANDOM}", {"Origin": "null"}, 403),
        ("PUT", f"/_ministack/cfn-response/{RANDOM}", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", f"/_ministack/cfn-response/{RANDOM}", {}, 403),
        ("PUT", "/_ministack/cfn-response/../reset", {}, 403),
        ("PUT", f"/_ministack/cfn-response/{RANDOM}/..", {}, 403),
        ("PUT", f"/_ministack/cfn-response/{RANDOM}%2F..", {}, 403),
        ("PUT", f"/_ministack/cfn-signal/{RANDOM}", {}, 403),
    ],
)
def test_a_custom_resources_answer_needs_its_random_address_and_no_key(root, method, path, headers, status):
    """As on AWS, which signs the address. Of an unknown one MiniStack thinks nothing."""
    try:
        fetch(root.endpoint + path, method, b"{}", **headers)
        answered = 200
    except urllib.error.HTTPError as error:
        answered = error.code
    assert answered == status


@pytest.mark.parametrize("target", ["http://127.0.0.1/_ministack/reset", "[/_ministack/reset", "_ministack/reset", "*"])
def test_a_target_is_a_path(root, target):
    assert root.call("s3", "POST", "/").but(target=target).send() == REFUSED


def test_its_own_health_says_which_cloud_it_is_and_not_to_pages(root):
    address = f"{root.endpoint}/_local/health?nonce="
    said = {asked: fetch(f"{address}{asked}").decode() for asked in ("0" * 32, "1" * 32)}
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in said.values())
    assert len(set(said.values())) == 2
    assert root.secret not in "".join(said.values())
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetch(f"{address}{'0' * 32}", Origin="null")


@pytest.mark.parametrize("query", ["", "?nonce=", "?nonce=laptop%20cloud", f"?nonce={'0' * 32}&nonce={'1' * 32}"])
def test_its_health_is_not_said_without_a_question(root, query):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetch(f"{root.endpoint}/_local/health{query}")


def test_an_answer_that_is_repeated_or_passed_on_is_not_taken_for_the_cloud(root):
    """By who has the port of a cloud that is dead."""
    answers = [fetch(f"{root.endpoint}/_local/health?nonce={'0' * 32}")]  # then it passes the question on

    class Impostor(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.pop() if answers else fetch(f"{root.endpoint}{self.path}")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Impostor) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            for _ in range(2):
                assert not cloud._healthy(f"http://127.0.0.1:{server.server_port}", root.secret)
        finally:
            server.shutdown()
    assert cloud._healthy(root.endpoint, root.secret)
