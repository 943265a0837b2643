"""Execution environments against what Lambda does."""

import json

import pytest

from local import paths


@pytest.fixture
def invoke(laptop, make_function):
    """invoke(name, source, event) -> (error word or None, payload)"""

    def call(name, source, event=None, *statements, **settings):
        make_function(name, source, *statements, **settings)
        answer = laptop("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}))
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    return call


def test_an_error_carries_its_class_message_and_stack(invoke):
    source = "class BadFile(Exception): pass\ndef handler(event, context):\n    raise BadFile('line 3')\n"
    word, payload = invoke("raises", source)
    assert word == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == ("BadFile", "line 3")
    assert "work.py" in payload["stackTrace"][0]


def test_an_environment_is_kept_after_an_error(laptop, invoke):
    source = """
calls = []
def handler(event, context):
    calls.append(event)
    return len(calls) if len(calls) > 1 else 1 / 0
"""
    invoke("kept", source)
    assert json.loads(laptop("lambda").invoke(FunctionName="kept", Payload=b"{}")["Payload"].read()) == 2


def test_a_killed_environment_is_an_exit_error(invoke):
    _, payload = invoke("killed", "import os\ndef handler(event, context):\n    os.kill(os.getpid(), 9)\n")
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith("Runtime exited with error: signal: killed")


def test_a_function_that_takes_too_long_is_timed_out(invoke):
    source = "import time\ndef handler(event, context):\n    time.sleep(9)\n"
    _, payload = invoke("slow", source, Timeout=1)
    assert payload["errorType"] == "Sandbox.Timedout"
    assert payload["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_a_package_that_the_runtime_lacks_cannot_be_imported(invoke):
    _, payload = invoke("imports", "import rich\ndef handler(event, context):\n    pass\n")
    assert payload["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'rich'" in payload["errorMessage"]


def test_a_function_acts_as_its_role_and_has_no_keys_of_the_laptop(invoke):
    source = """
import boto3, os
def handler(event, context):
    try:
        boto3.client("s3").list_buckets()
    except Exception as error:
        return [str(error), os.environ["AWS_ACCESS_KEY_ID"], "GATEWAY_PORT" in os.environ]
"""
    _, (error, key, leaked) = invoke("acts", source)
    assert "AccessDenied" in error
    assert key.startswith("ASIA")
    assert not leaked


def test_layers_are_found_and_the_later_one_wins(laptop, invoke, zipped):
    arns = []
    for name, value in (("first", 1), ("second", 2)):
        content = zipped({"python/shared.py": f"WHO = {value}\n", f"{name}.txt": ""})
        arns.append(
            laptop("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": content})["LayerVersionArn"]
        )
    source = """
import os, sys, shared
def handler(event, context):
    roots = [folder for folder in ["/opt", *sys.path] if os.path.isfile(os.path.join(folder, "first.txt"))]
    return [shared.WHO, len(roots)]
"""
    assert invoke("layered", source, Layers=arns) == (None, [2, 1])


def test_what_a_function_prints_is_in_its_readable_log(invoke):
    invoke("prints", "def handler(event, context):\n    print('fitting AAPL')\n")
    text = (paths.LOGS / "prints.log").read_text()
    assert "fitting AAPL\n" in text
    assert "REPORT" in text


def test_more_memory_than_the_function_has_kills_it(invoke):
    source = "def handler(event, context):\n    return len(bytearray(400_000_000).replace(b'a', b'b'))\n"
    _, payload = invoke("hungry", source, MemorySize=256)
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith("signal: killed")
