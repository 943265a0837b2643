"""TensorFlow Serving's JSON for predict requests, as its util/json_tensor.cc reads it, with its wording of refusals.

Stricter in one point: the literals NaN and Infinity, which TF Serving's parser takes, are refused, because they are not
JSON and clients differ in whether they write them.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

_EXACT = {np.dtype("float32"): 2**24 - 1, np.dtype("float64"): 2**53 - 1}
_NAMES = {"float32": "float", "float64": "double"}


class Refused(Exception):
    """TF Serving answers 400 with this text."""


def read(body: bytes, inputs: Mapping[str, np.dtype]) -> tuple[dict[str, np.ndarray], str, str]:
    """The input tensors, the key that answers are given under, and the signature's name. Raises Refused."""
    try:
        return _read(body, inputs)
    except RecursionError:
        raise Refused("JSON Parse error: nested too deeply") from None


def _read(body: bytes, inputs: Mapping[str, np.dtype]) -> tuple[dict[str, np.ndarray], str, str]:
    if not body:
        raise Refused("JSON Parse error: The document is empty")
    try:
        request = json.loads(body, parse_constant=_no_constant)
    except ValueError as error:
        raise Refused(f"JSON Parse error: {error}") from None
    if not isinstance(request, dict):
        raise Refused(f"JSON Value: {_show(request)} Is not object")
    signature = request.get("signature_name", "serving_default")
    if not isinstance(signature, str):
        raise Refused(
            f"JSON Value: {_show(request)} not formatted correctly. 'signature_name' key must be a string value."
        )
    if "instances" in request and "inputs" in request:
        raise Refused("Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ")
    if "instances" in request:
        return _rows(request["instances"], inputs), "predictions", signature
    if "inputs" in request:
        return _columns(request["inputs"], inputs), "outputs", signature
    raise Refused("Missing 'inputs' or 'instances' key")


def _rows(instances: Any, inputs: Mapping[str, np.dtype]) -> dict[str, np.ndarray]:
    """Row format: one object per row that names every input, or bare values for a single input."""
    if not isinstance(instances, list):
        raise Refused("Excepting 'instances' to be an list/array")
    if not instances:
        raise Refused("JSON Value: {} No values in 'instances' array")
    named = isinstance(instances[0], dict)
    if not named and len(inputs) > 1:
        raise Refused(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as "
            "per tensorinfo_map"
        )
    only = next(iter(inputs))
    columns: dict[str, list[np.ndarray]] = {name: [] for name in inputs}
    for index, row in enumerate(instances):
        if isinstance(row, dict) != named:
            wanted, got = ("object", "list") if named else ("value/list", "object")
            raise Refused(f"Expecting {wanted} but got {got} at item {index} of input list")
        for name, value in (row if named else {only: row}).items():
            key = f" key: {name}" if named else ""
            try:
                _add(columns, name, value, inputs)
            except Refused as error:
                text = f"Failed to process element: {index}{key} of 'instances' list. Error: INVALID_ARGUMENT: {error}"
                raise Refused(text) from None
        if named and set(row) != set(inputs):
            raise Refused(
                f"Failed to process element: {index} of 'instances' list. JSON object: {_show(row)} keys must be equal "
                f"to: {','.join(sorted(inputs))}"
            )
    return {name: np.stack(values) for name, values in columns.items()}


def _add(columns: dict[str, list], name: str, value: Any, inputs: Mapping[str, np.dtype]) -> None:
    if name not in inputs:
        raise Refused(f"JSON object: does not have named input: {name}")
    array = tensor(value, inputs[name])
    earlier = columns[name]
    if earlier and earlier[0].size != array.size:
        raise Refused(f"Expecting tensor size: {earlier[0].size} but got: {array.size}")
    if earlier and earlier[0].shape != array.shape:
        raise Refused(f"Expecting shape {_shape(earlier[0])} but got: {_shape(array)}")
    earlier.append(array)


def _columns(given: Any, inputs: Mapping[str, np.dtype]) -> dict[str, np.ndarray]:
    if not isinstance(given, dict):
        if len(inputs) > 1:
            raise Refused(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as "
                "per tensorinfo_map"
            )
        given = {next(iter(inputs)): given}
    for name in inputs:
        if name not in given:
            raise Refused(f"Missing named input: {name} in 'inputs' object.")
    return {name: tensor(given[name], dtype) for name, dtype in inputs.items()}


def tensor(value: Any, dtype: np.dtype) -> np.ndarray:
    """The value as a dense tensor: lists of one depth and length, numbers that the type holds without loss."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise Refused(f"Encountered list at unexpected size or level in {_show(value)}") from None
    if dtype.kind == "f":
        return _floats(value, array, dtype)
    if (dtype.kind in "iu" and array.dtype.kind not in "iu") or (array.dtype.kind != dtype.kind and dtype.kind in "bU"):
        raise _wrong_type(_first(value, lambda item: not isinstance(item, int)), str(dtype))
    return array.astype(dtype)


def _floats(value: Any, array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    name = _NAMES[dtype.name]
    if array.dtype.kind not in "iuf" or (array.dtype.kind in "iuf" and array.size and _holds_bool(value)):
        raise _wrong_type(
            _first(value, lambda item: isinstance(item, bool) or not isinstance(item, (int, float))), name
        )
    limit = _EXACT[dtype]
    if array.size and np.abs(array).max() > limit:
        lossy = _first(
            value, lambda item: (isinstance(item, int) and abs(item) > limit) or abs(item) > float(np.finfo(dtype).max)
        )
        if lossy is not None:
            raise Refused(f"Cannot convert JSON value: {_show(lossy)} to {name} without loss of precision.")
    return array.astype(dtype)


def _holds_bool(value: Any) -> bool:
    if not isinstance(value, list):
        return isinstance(value, bool)
    if value and isinstance(value[0], list):
        return any(_holds_bool(item) for item in value)
    return any(item is True or item is False for item in value)


def _first(value: Any, wanted: Any) -> Any:
    """The first leaf that is wanted, in order."""
    if isinstance(value, list):
        return next((leaf for item in value if (leaf := _first(item, wanted)) is not None), None)
    return value if value is None or wanted(value) else None


def _wrong_type(value: Any, name: str) -> Refused:
    kinds = {type(None): "Null", bool: str(value), dict: "Object", list: "Array", str: "String"}
    return Refused(
        f"JSON Value: {_show(value)} Type: {kinds.get(type(value), 'Number')} is not of expected type: {name}"
    )


def write(outputs: Mapping[str, np.ndarray], key: str, rows: int) -> bytes:
    """The answer: row format gives one item per row, bare lists for a single output."""
    for name, array in outputs.items():
        size = array.shape[0] if array.ndim else 0
        if key == "predictions" and size != rows:
            raise Refused(f"Tensor name: {name} has inconsistent batch size: {size} expecting: {rows}")
    single = next(iter(outputs.values())) if len(outputs) == 1 else None
    if single is not None:
        content: Any = _decimals(single)
    elif key == "predictions":
        lists = {name: _decimals(array) for name, array in outputs.items()}
        content = [{name: values[row] for name, values in lists.items()} for row in range(rows)]
    else:
        content = {name: _decimals(array) for name, array in outputs.items()}
    return json.dumps({key: content}).encode()


def _decimals(array: np.ndarray) -> Any:
    """Nested lists whose JSON has the digits of WriteDecimal: six of a float where they name it, else nine."""
    if array.dtype != np.float32 or not array.size:
        return array.tolist()
    flat = array.ravel()
    six = np.array([float(f"{value:.6g}") for value in flat.tolist()])
    with np.errstate(over="ignore"):
        longer = np.flatnonzero((six.astype(np.float32) != flat) & np.isfinite(flat))
    six[longer] = [float(f"{value:.9g}") for value in flat[longer].tolist()]
    return six.reshape(array.shape).tolist()


def _show(value: Any) -> str:
    return json.dumps(value)[:200]


def _shape(array: np.ndarray) -> str:
    return f"[{','.join(map(str, array.shape))}]"


def _no_constant(literal: str) -> None:
    raise ValueError(f"Invalid value: {literal}")
