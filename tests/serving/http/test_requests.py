from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.serving.http.requests import RequestError, parse_request

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "dataframe_records",
    "dataframe_split",
    "instances",
    "inputs",
    "params",
    "client_request_id",
    "columns",
    "data",
    "explain",
]


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), VALUES, max_size=4) | VALUES)
def test_any_json_is_rows_or_a_sentence(data):
    rows, refusal = _parsed(json.dumps(data).encode())
    assert refusal or all(isinstance(row, dict) for row in rows)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_rows_or_a_sentence(data):
    rows, refusal = _parsed(data)
    assert refusal or all(isinstance(row, dict) for row in rows)


def _parsed(body):
    """Return the rows of a body, or the sentence that refuses it; any other error fails the test."""
    try:
        return parse_request(body, 100).rows, ""
    except RequestError as error:
        return [], str(error)


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": [{"a": 1, "b": None}, {"a": 2, "b": "x"}]},
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, None], [2, "x"]], "index": [0, 1]}},
        {"instances": [{"a": 1, "b": None}, {"a": 2, "b": "x"}]},
        {"inputs": {"a": [1, 2], "b": [None, "x"]}},
    ],
)
def test_four_forms_say_the_same(body):
    body |= {"params": {"p": 1}, "client_request_id": "me", "explain": True, "usage_context": {"u": "v"}}
    request = parse_request(json.dumps(body).encode(), 2)
    assert list(request.rows) == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]
    assert (request.params, request.client_request_id, request.explain) == ({"p": 1}, "me", True)
    with pytest.raises(RequestError, match="2 rows; this server takes 1"):
        parse_request(json.dumps(body).encode(), 1)


def test_numbers_without_names_are_a_tensor():
    assert parse_request(b'{"inputs": [[1, 2], [3, 4]]}', 10).tensor == [[1, 2], [3, 4]]
    assert parse_request(b'{"instances": [1.5]}', 10).tensor == [1.5]
