"""Starting and ending a cloud."""

import json
import os
import signal
import time

from local import children, cloud, paths


def test_a_second_start_finds_the_cloud_that_is_up(laptop):
    assert cloud.start()["pid"] == cloud.settings()["pid"]


def test_stop_ends_what_a_dead_server_left_and_keeps_the_logs(laptop, make_function):
    make_function("stubborn", "def handler(event, context):\n    return 1\n")
    laptop("lambda").invoke(FunctionName="stubborn", Payload=b"{}")
    records = [json.loads(file.read_text()) for file in paths.CHILDREN.glob("*.json")]
    worker = next(record for record in records if record["what"] == "lambda stubborn")
    server = cloud.settings()["pid"]
    os.kill(server, signal.SIGSTOP)  # neither server nor worker can end by themselves
    os.kill(worker["pid"], signal.SIGSTOP)
    os.kill(server, signal.SIGKILL)
    cloud.stop()
    time.sleep(0.1)
    assert not children.is_alive(worker)
    assert [item.name for item in paths.STATE.iterdir()] == ["logs"]
    assert cloud.settings() is None
    assert cloud.stop() == []
