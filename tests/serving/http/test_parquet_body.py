"""Parquet says what JSON says, and what is wrong with a file is said in a sentence."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import io
import json
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.features import json_reader
from headwater.lakehouse import InvalidInputError
from headwater.serving.http import parquet_body
from headwater.serving.http.parquet_body import parse_parquet
from headwater.serving.http.requests import RequestError
from tests.serving.http.client import post

PARQUET = {"Content-Type": "application/vnd.apache.parquet"}
TIME = dt.datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=dt.UTC)


def _file(table, **options) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def _frame(**columns) -> bytes:
    return _file(pa.table(columns))


GOOD = _frame(customer=[1, 2], amount=[1.0, 2.0])
# One byte of a file was changed: pyarrow 25 calls std::terminate when it is asked for the sizes in the footer.
ENDS_ITS_READER = base64.b64decode(
    "UEFSMRUAFSIVIiwVAhUAFQYVBhwAAAACAAAAAgACAAAAAgMBAAAAeBUEGUw1ABgGc2NoZW1hFQIANAIYAWwVAhUGTDwAAAA1BBgEbGlzdBUCABUM"
    "JQIYB2VsZW1lbnQlAEwcAAAAFgIZHBkcJgAcFQwZJQYAGTgBbARsaXN0B2VsZW1lbnQVABYCFkgWSCYISRwVABUAFQIAPBYCGSYCABlGAAAAAgAA"
    "ABZIFgImCBZIACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNS4wLjEZHBwAAACyAAAAUEFSMQ=="
)
OF_TWO_NAMES = _file(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["customer", "customer"]))


def test_the_answer_is_that_of_the_same_json(shop, server):
    rows = [{"customer": 3, "amount": 5.0}, {"customer": 4, "amount": 2.25}, {"customer": 999, "amount": None}]
    for name, count in ((shop.spec, 3), (shop.endpoint, 2)):
        address = f"{server.url}/serving-endpoints/{name}/invocations"
        _, headers, expected = post(address, {"dataframe_records": rows[:count]})
        frame = pd.DataFrame(rows[:count])
        by_pandas = frame.assign(other=float("nan")).set_axis(range(5, 5 + count)).to_parquet()
        for body in (_file(pa.Table.from_pylist(rows[:count])), by_pandas, frame.to_parquet(compression="zstd")):
            status, given, answer = post(address, body, PARQUET)
            assert (status, answer) == (200, expected)
            assert given["served-model-name"] == headers["served-model-name"]


def test_no_rows_are_no_answers_as_in_json(server):
    body = _file(pa.table({"customer": pa.array([], "int64"), "amount": pa.array([], "float64")}))
    status, _, answer = post(f"{server.url}/invocations", body, PARQUET)
    assert (status, answer) == (200, post(f"{server.url}/invocations", {"dataframe_records": []})[2])


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "The body is empty"),
        (b"customer,amount\n1,1\n", 400, "no whole Parquet file"),
        (b"PAR1PAR1", 400, "no whole Parquet file"),
        (GOOD[:-1], 400, "no whole Parquet file"),
        (GOOD[: len(GOOD) // 2], 400, "no whole Parquet file"),
        (GOOD[:4] + b"\0" * 40 + GOOD[44:], 400, "no whole Parquet file"),
        (ENDS_ITS_READER, 400, "no whole Parquet file that can be read (its reader ended)"),
        (_file(pa.table({})), 400, "no columns"),
        (OF_TWO_NAMES, 400, "two columns 'customer'"),
        (_frame(amount=[1.0]), 400, "Row 0, column 'customer': it is missing"),
        (_frame(customer=["secret-7"], amount=[1.0]), 400, "column 'customer': found a text, not bigint"),
        (_frame(customer=[1], amount=["1"]), 400, "Row 0, column 'amount': found a text, not double"),
        (_frame(customer=[1], amount=[[1.0]]), 400, "Row 0, column 'amount': found an array, not double"),
        (_frame(customer=pa.array([2**64 - 1], "uint64"), amount=[1.0]), 400, "beyond the range of bigint"),
        (_frame(customer=[1, 1], amount=[1.0, float("nan")]), 400, "Row 1, column 'amount': found NaN or an infinity"),
        (_frame(customer=[1], amount=[float("inf")]), 400, "Row 0, column 'amount': found NaN or an infinity"),
        (
            _frame(customer=[1], amount=[1.0], at=pa.array([2**62], pa.timestamp("us"))),
            400,
            "column 'at': found a timestamp",
        ),
        (
            _frame(customer=[1], amount=[1.0], at=pa.array([1], pa.time64("us"))),
            400,
            "column 'at': the text is no time",
        ),
        (_frame(customer=[1] * 10_001, amount=[1.0] * 10_001), 413, "10,001 rows"),
        (_frame(customer=[1] * 2_000, city=["x" * 10_000] * 2_000), 413, "more than 16,777,216 bytes once decoded"),
        (_frame(customer=[1] * 2_000, city=[["x" * 10_000]] * 2_000), 413, "more than 16,777,216 bytes once decoded"),
        (_frame(customer=[[1] * 3_000_000]), 413, "more than 16,777,216 bytes once decoded"),
        (b"x" * (16 * 2**20 + 1), 413, "larger than 16,777,216 bytes"),
    ],
    ids=range(23),
)
def test_bad_bodies_get_one_sentence_without_their_data(shop, server, body, status, message):
    address = f"{server.url}/serving-endpoints/{shop.endpoint}/invocations"
    found, _, answer = post(address, body, PARQUET)
    assert (found, set(answer)) == (status, {"error_code", "message"})
    assert message in answer["message"]
    assert "secret-7" not in answer["message"]
    assert post(address, GOOD, PARQUET)[0] == 200


@pytest.mark.parametrize(
    ("kind", "array"),
    [
        ("int", pa.array([7, None], "int32")),
        ("double", pa.array([1.5, None], "float32")),
        ("double", pa.array([Decimal("1.25"), None])),
        ("bigint", pa.array([Decimal(2), None])),
        ("boolean", pa.array([True, None])),
        ("string", pa.array(["a", None], "large_string")),
        ("string", pa.array(["a", "a"]).dictionary_encode()),
        ("binary", pa.array([b"\0\1", None])),
        ("date", pa.array([TIME.date(), None])),
        ("timestamp", pa.array([TIME, None], pa.timestamp("us", "UTC"))),
        ("timestamp", pa.array([TIME, None], pa.timestamp("ns", "Europe/Oslo"))),
        ("timestamp_ntz", pa.array([TIME.replace(tzinfo=None), None], pa.timestamp("us"))),
        ("decimal(10,2)", pa.array([Decimal("1.25"), None])),
        ("array<string>", pa.array([["a", None], None])),
        ("struct<a:int,b:string>", pa.array([{"a": 1, "b": "x"}, None])),
        ("map<string,int>", pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int32()))),
    ],
    ids=str,
)
def test_each_type_comes_back_as_the_json_reader_has_it(kind, array):
    rows = parse_parquet(_frame(x=array), 10, {"x": kind}, 2**20).rows
    read = json_reader(kind)
    assert [read(row["x"]) for row in rows] == array.to_pylist()


def test_the_log_has_the_rows_as_json_and_nothing_of_bytes_that_are_no_file(shop):
    from headwater import lakehouse
    from headwater.serving.http.endpoints import Endpoint, create_endpoint, delete_endpoint
    from tests.serving.http.client import serving

    table = f"{shop.schema}.parquet_payload"
    create_endpoint(shop.settings, Endpoint("of-files", model=f"models:/{shop.model}/1", payload_table=table))
    try:
        with serving(shop.settings, only=("of-files",)) as server:
            assert post(f"{server.url}/invocations", GOOD, PARQUET)[0] == 200
            assert post(f"{server.url}/invocations", GOOD[:-1], PARQUET)[0] == 400
    finally:
        delete_endpoint(shop.settings, "of-files")
    requests = {row["status_code"]: row["request"] for row in lakehouse.read_table(shop.spark, table).collect()}
    rows = [{"customer": 1, "amount": 1.0}, {"customer": 2, "amount": 2.0}]
    assert json.loads(requests[200]) == {"dataframe_records": rows}
    assert requests[400] is None


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_file_is_rows_or_a_sentence(changes):
    body = bytearray(GOOD)
    for at, byte in changes:
        body[at] = byte
    with contextlib.suppress(InvalidInputError):  # any other error fails the test
        assert all(isinstance(row, dict) for row in parse_parquet(bytes(body), 100, {"amount": "double"}, 2**20).rows)


def test_a_reader_that_was_ended_while_it_waited_is_replaced():
    parse_parquet(GOOD, 10, {}, 2**20)
    for reader in parquet_body._READERS._idle:
        reader._process.kill()
        reader._process.wait()
    assert len(parse_parquet(GOOD, 10, {}, 2**20).rows) == 2


def test_a_small_file_of_millions_of_values_is_refused():
    nulls = _file(pa.table({"x": pa.array([[None] * 3_000_000], pa.list_(pa.string()))}), compression="zstd")
    assert len(nulls) < 100_000
    with pytest.raises(RequestError, match="more than 1,048,576 bytes once decoded"):
        parse_parquet(nulls, 10, {}, 2**20)
