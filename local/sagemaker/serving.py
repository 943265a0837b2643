"""What runs in an endpoint's container: a SavedModel behind /ping and /invocations, in TF Serving's words.

python -m local.sagemaker.serving FOLDER PORT
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from local.sagemaker import tf_json


class Model:
    """The SavedModel's signature, called with one thread as on a small instance."""

    def __init__(self, folder: Path):
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.threading.set_intra_op_parallelism_threads(1)
        self._loaded = tf.saved_model.load(str(folder))
        self.signatures = dict(self._loaded.signatures)
        self._lock = threading.Lock()

    def predict(self, body: bytes) -> bytes:
        signature = self.signatures["serving_default"]
        tensors, key, name = tf_json.read(body, self._inputs(signature))
        if name not in self.signatures:
            raise tf_json.Refused(f'Serving signature key "{name}" not found.')
        self._check_shapes(signature, tensors)
        with self._lock:
            try:
                outputs = signature(**{name: tf.constant(array) for name, array in tensors.items()})
            except tf.errors.InvalidArgumentError as error:
                raise tf_json.Refused(error.message) from None
        rows = next(iter(tensors.values())).shape[0]
        return tf_json.write({name: output.numpy() for name, output in outputs.items()}, key, rows)

    @staticmethod
    def _inputs(signature: Any) -> dict[str, np.dtype]:
        return {
            name: np.dtype(spec.dtype.as_numpy_dtype) for name, spec in signature.structured_input_signature[1].items()
        }

    @staticmethod
    def _check_shapes(signature: Any, tensors: dict[str, np.ndarray]) -> None:
        for name, spec in signature.structured_input_signature[1].items():
            if not spec.shape.is_compatible_with(tensors[name].shape):
                raise tf_json.Refused(
                    f"input {name} has shape {list(tensors[name].shape)}, the signature says {spec.shape}"
                )


def handler_for(model: Model) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200 if self.path == "/ping" else 404, b"{}")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            started = time.monotonic()
            if self.path != "/invocations":
                self._answer(404, b"{}")
            elif self.headers["Content-Type"] != "application/json":
                self._refuse(415, f"Unsupported Media Type: {self.headers['Content-Type'] or 'Unknown'}")
            else:
                self._predict(body)
            print(f"{len(body)} bytes answered in {time.monotonic() - started:.3f} s", flush=True)

        def _predict(self, body: bytes) -> None:
            try:
                self._answer(200, model.predict(body))
            except tf_json.Refused as error:
                self._refuse(400, str(error))

        def _refuse(self, status: int, text: str) -> None:
            print(f"{status}: {text}", flush=True)
            self._answer(status, json.dumps({"error": text}).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: pings would fill the log."""

    return Handler


def end_with_parent() -> None:
    """The cloud holds the other end of stdin: when it is gone, so is this process."""
    sys.stdin.read()
    os._exit(0)


def main(folder: str, port: int) -> None:
    model = Model(Path(folder))
    server = ThreadingHTTPServer(("127.0.0.1", port), handler_for(model))
    threading.Thread(target=end_with_parent, daemon=True).start()
    print(f"serving {folder}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
