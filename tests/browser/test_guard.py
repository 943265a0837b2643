"""A web page in the developer's browser cannot use the laptop cloud, whatever it tries."""

import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Runs under .venv, which has boto3: starts a cloud, or says what is in it, or ends it.
HELPER = """
import json, sys
import boto3
from botocore.config import Config
from local import cloud
if sys.argv[1] == "start":
    endpoint = cloud.start()["endpoint"]
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="report.html", Body=b"<h1>Report</h1>", ContentType="text/html")
    v = cloud.variables()
    session = boto3.session.Session(v["AWS_ACCESS_KEY_ID"], v["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1")
    links = session.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4"))
    link = links.generate_presigned_url("get_object", Params={"Bucket": "kept", "Key": "report.html"})
    print(json.dumps([endpoint, link]))
elif sys.argv[1] == "look":
    s3 = cloud.client("s3")
    buckets = sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"])
    keys = {b: [o["Key"] for o in s3.list_objects_v2(Bucket=b).get("Contents", [])] for b in buckets}
    topics = [topic["TopicArn"] for topic in cloud.client("sns").list_topics()["Topics"]]
    functions = [function["FunctionName"] for function in cloud.client("lambda").list_functions()["Functions"]]
    roles = [role["RoleName"] for role in cloud.client("iam").list_roles()["Roles"]]
    print(json.dumps({"keys": keys, "topics": topics, "functions": functions, "roles": roles}))
else:
    cloud.stop()
"""

ATTACK = (Path(__file__).parent / "attack.js").read_text(encoding="utf-8")


class Page(BaseHTTPRequestHandler):
    """The hostile page; where it is asked for /link, a person is tempted to follow one to the cloud."""

    link = ""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<!doctype html><title>hostile</title><a href="{self.link}">a report</a>'.encode())

    def log_message(self, format, *args):
        """Nothing."""


@pytest.fixture(scope="module")
def helper(tmp_path_factory):
    state = tmp_path_factory.mktemp("state")

    def run(what):
        command = [ROOT / ".venv" / "bin" / "python", "-c", HELPER, what]
        variables = {**os.environ, "LOCAL_STATE": str(state)}
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    yield run
    run("stop")


@pytest.fixture(scope="module")
def cloud(helper):
    """Endpoint, and a link to an object that was signed with the cloud's key."""
    return helper("start")


@pytest.fixture
def hostile(browser, cloud):
    """hostile(host) -> a page of another origin; the responses of the cloud to it gather in page.answers."""
    Page.link = cloud[1].replace("&", "&amp;")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    contexts = []

    def visit(host):
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        answers = []
        page.on("response", lambda said: answers.append(said) if said.url.startswith(cloud[0]) else None)
        page.goto(f"http://{host}:{server.server_port}/")
        return page, answers

    yield visit
    for context in contexts:
        context.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])  # another port is the same site; another name is not
def test_a_hostile_page_changes_and_reads_nothing(helper, cloud, hostile, host):
    before = helper("look")
    assert before["keys"] == {"kept": ["report.html"]}
    page, answers = hostile(host)
    said = page.evaluate(ATTACK, cloud[0])
    assert {outcome for _, outcome in said} <= {"no answer", "sent blindly"}, said
    assert [what for what, outcome in said if outcome == "sent blindly"], "requests without a preflight did arrive"
    page.wait_for_timeout(500)  # the beacon
    assert len(answers) > 10
    assert {answer.status for answer in answers} <= {400, 403}
    assert [answer.url for answer in answers if "access-control-allow-origin" in answer.headers] == []
    assert helper("look") == before


def test_a_link_opens_where_it_is_typed_and_not_where_a_page_sends_one(browser, cloud, hostile):
    page, _ = hostile("localhost")
    with page.expect_navigation() as followed:
        page.get_by_role("link").click()
    assert followed.value.status == 403
    assert "new tab" in page.content()
    typed = browser.new_page()
    assert typed.goto(cloud[1]).status == 200
    assert typed.get_by_role("heading").inner_text() == "Report"
    typed.close()
