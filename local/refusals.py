"""AWS's refusals of a function's calls, on request, in the wire format of each service."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from local import children, faults, ministack
from local.lambdas import api as lambdas
from local.ministack import Response

SERVICES = ("s3", "sagemaker", "glue", "sns", "states")


def install() -> None:
    for service in SERVICES:
        ministack.handlers[service] = _refusing(service, ministack.handlers[service])


def _refusing(service: str, handler: Callable) -> Callable:
    async def handle(method: str, path: str, headers: dict, body: bytes, query: dict) -> Response:
        environment = lambdas.caller(headers)
        if environment is None:
            return await handler(method, path, headers, body, query)
        operation = _operation(service, method, path, headers, body)
        what = f"{environment.name} {service}:{operation} {path} {environment.event}"
        if fault := faults.take("call_fails", what):
            return _refusal(service, path, fault)
        response = await handler(method, path, headers, body, query)
        if service == "s3" and method == "PUT" and response[0] == 200 and faults.take("function_dies", what):
            children.kill(environment.pid)
        return response

    return handle


def _operation(service: str, method: str, path: str, headers: dict, body: bytes) -> str:
    """What the request asks for; of S3 the method."""
    if target := headers.get("x-amz-target", ""):
        return target.rpartition(".")[2]
    if path.startswith("/endpoints/"):
        return "InvokeEndpoint"
    return parse_qs(body.decode())["Action"][0] if service == "sns" else method


def _refusal(service: str, path: str, fault: dict) -> Response:
    code, message = fault["code"], fault.get("message", "Rate exceeded")
    if service == "s3":
        text = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        return fault["status"], {"Content-Type": "application/xml"}, text.encode()
    if service == "sns":
        error = f"<Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        space = "http://sns.amazonaws.com/doc/2010-03-31/"
        return (
            fault["status"],
            {"Content-Type": "text/xml"},
            f'<ErrorResponse xmlns="{space}">{error}</ErrorResponse>'.encode(),
        )
    if path.startswith("/endpoints/"):
        kind = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        return fault["status"], kind, json.dumps({"Message": message}).encode()
    kind = {"Content-Type": "application/x-amz-json-1.1"}
    return fault["status"], kind, json.dumps({"__type": code, "message": message}).encode()
