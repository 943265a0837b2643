"""What TF Serving accepts and refuses in a predict request."""

import json

import numpy as np
import pytest

from local.sagemaker import tf_json

INPUTS = {name: np.dtype("float32") for name in ("adjclose", "high")}
ROW = {"adjclose": [1.5, 2.5], "high": [2.0, 3.0]}


def read(request):
    return tf_json.read(request if isinstance(request, bytes) else json.dumps(request).encode(), INPUTS)


def test_rows_become_one_tensor_per_input():
    tensors, key, signature = read({"instances": [ROW, ROW]})
    assert (key, signature) == ("predictions", "serving_default")
    assert tensors["adjclose"].tolist() == [[1.5, 2.5], [1.5, 2.5]]
    assert tensors["high"].dtype == np.float32


def test_columns_are_accepted_too():
    tensors, key, _ = read({"inputs": {name: [values] for name, values in ROW.items()}})
    assert key == "outputs"
    assert tensors["high"].shape == (1, 2)


def test_small_integers_and_large_decimals_are_fine():
    tensors, _, _ = read({"instances": [{**ROW, "high": [16777215, 91973000.0]}]})
    assert tensors["high"].tolist() == [[16777215.0, 91973000.0]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "Null is not of expected type: float"),
        (True, "True is not of expected type: float"),
        ("2", "String is not of expected type: float"),
        (16777216, "Cannot convert JSON value: 16777216 to float without loss of precision."),
        (1e39, "to float without loss of precision."),
        ([2.0], "Encountered list at unexpected size or level"),
    ],
)
def test_a_value_that_is_no_float_is_refused(value, message):
    with pytest.raises(tf_json.Refused) as refused:
        read({"instances": [{**ROW, "high": [1.0, value]}]})
    assert str(refused.value).startswith("Failed to process element: 0 key: high of 'instances' list.")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (b"", "The document is empty"),
        (b"{", "JSON Parse error"),
        (b'{"instances": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"instances": [{"adjclose": [NaN, 1.0], "high": [1.0, 1.0]}]}', "NaN"),
        ([1.0], "Is not object"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": [ROW], "inputs": {}}, "expecting only one of"),
        ({"instances": [{"high": [1.0]}]}, "keys must be equal to: adjclose,high"),
        ({"instances": [{**ROW, "open": [1.0, 2.0]}]}, "does not have named input: open"),
        ({"instances": [[1.0], [2.0]]}, "expecting list of objects"),
        ({"instances": [ROW, {"adjclose": [1.0], "high": [1.0]}]}, "Expecting tensor size: 2 but got: 1"),
        ({"inputs": {"high": [[1.0]]}}, "Missing named input: adjclose"),
    ],
)
def test_a_request_that_tf_serving_refuses(request_, message):
    with pytest.raises(tf_json.Refused, match=message.replace("[", r"\[")):
        read(request_)


def test_one_output_gives_bare_lists_and_several_give_objects():
    one, two = np.float32([[1], [2]]), np.float32([3, 4])
    assert json.loads(tf_json.write({"a": one}, "predictions", 2)) == {"predictions": [[1.0], [2.0]]}
    assert json.loads(tf_json.write({"a": one, "b": two}, "predictions", 2)) == {
        "predictions": [{"a": [1.0], "b": 3.0}, {"a": [2.0], "b": 4.0}]
    }


def test_an_output_without_the_batch_dimension_is_refused():
    with pytest.raises(tf_json.Refused, match="inconsistent batch size: 3 expecting: 2"):
        tf_json.write({"a": np.float32([1, 2, 3])}, "predictions", 2)


def test_a_float_is_written_with_the_fewest_of_six_or_nine_digits_that_name_it():
    values = np.float32([0.1, 87.1211, 100.123459, 9000000, 1.2345678e-5, 0.00012345678, 0, -3, 3.4e38])
    text = tf_json.write({"a": values}, "predictions", len(values)).decode()
    assert text == (
        '{"predictions": [0.1, 87.1211, 100.123459, 9000000.0, 1.23456784e-05, 0.000123456775, 0.0, -3.0, 3.4e+38]}'
    )
    random = np.random.default_rng(0).integers(0, 0x7F80_0000, 10_000, dtype=np.uint32).view(np.float32)
    body = tf_json.write({"a": random.reshape(10, 1000)}, "predictions", 10)
    assert np.array_equal(np.float32(json.loads(body)["predictions"]).ravel(), random)
    assert len(body) < 10_000 * len("0.000123456789, ") + 100
    assert tf_json.write({"a": np.float32([np.nan, np.inf])}, "predictions", 2) == b'{"predictions": [NaN, Infinity]}'
