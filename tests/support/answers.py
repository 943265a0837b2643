"""Where a custom resource's answer goes to, in place of CloudFormation's address."""

import contextlib
import dataclasses
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclasses.dataclass
class Address:
    url: str
    statuses: list[int]  # with which the next answers are taken, 200 when there are none
    answers: list[dict] = dataclasses.field(default_factory=list)
    headers: list[dict[str, str]] = dataclasses.field(default_factory=list)

    def request(self, kind: str, **fields) -> Any:
        """CloudFormation's request, answered here."""
        made = {"RequestType": kind, "ResponseURL": self.url, "StackId": "arn:stack", "RequestId": "r1"}
        return made | {"LogicalResourceId": "Leftovers"} | fields


@contextlib.contextmanager
def listening(*statuses: int) -> Iterator[Address]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = address.statuses.pop(0) if address.statuses else 200
            if status == 200:
                address.answers.append(json.loads(body))
                address.headers.append(dict(self.headers))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format, *args):
            """Nothing: tests look at the answers."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    address = Address(f"http://127.0.0.1:{server.server_port}/answer?Signature=a%2Fb", list(statuses))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
