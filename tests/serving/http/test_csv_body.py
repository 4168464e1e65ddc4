"""CSV says what JSON says, and what is wrong with it is said in a sentence."""

from __future__ import annotations

import contextlib
import csv
import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.lakehouse import InvalidInputError
from headwater.serving.http.csv_body import parse_csv
from tests.serving.http.client import post

CSV = {"Content-Type": "text/csv"}
KINDS = {
    "whole": "bigint",
    "number": "double",
    "flag": "boolean",
    "name": "string",
    "day": "date",
    "at": "timestamp",
    "price": "decimal(10,2)",
    "tags": "array<string>",
}


def test_the_answer_is_that_of_the_same_json(shop, server):
    rows = [
        {"customer": 3, "amount": 5.0, "at": "2026-03-02T00:00:00Z"},
        {"customer": 4, "amount": 2.25, "at": None},
        {"customer": 999, "amount": None, "at": None},
    ]
    for name, count in ((shop.spec, 3), (shop.endpoint, 2)):
        address = f"{server.url}/serving-endpoints/{name}/invocations"
        frame = pd.DataFrame(rows[:count])
        expected = post(address, {"dataframe_records": rows[:count]})
        for text in (frame.to_csv(index=False), frame.to_csv(), frame.to_csv(index=False, lineterminator="\r\n")):
            for body in (text.encode(), text.encode("utf-8-sig")):
                status, headers, answer = post(address, body, {"Content-Type": "text/csv; charset=UTF-8"})
                assert (status, answer) == (200, expected[2])
                assert headers["served-model-name"] == expected[1]["served-model-name"]


def test_a_feature_that_is_given_overrides_the_lookup_and_an_empty_cell_is_null(shop, server):
    address = f"{server.url}/serving-endpoints/{shop.spec}/invocations"
    given = [
        {"customer": 3, "amount": 1.0, "spent": 9.0, "city": "Oslo, N"},
        {"customer": 3, "amount": 1, "spent": None, "city": None},
    ]
    body = b'customer,amount,spent,city\n3,1.0,9.0,"Oslo, N"\n3,1,,\n'
    status, _, answer = post(address, body, CSV)
    assert (status, answer) == (200, post(address, {"dataframe_records": given})[2])
    assert [row["city"] for row in answer["outputs"]] == ["Oslo, N", None]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "The CSV has nothing in it"),
        (b"\n\n", 400, "The CSV has nothing in it"),
        (b"customer,amount\n", 400, "The CSV has a header and no rows"),
        (b",\n1,2\n", 400, "The first line of the CSV has no names"),
        (b"amount,other\n1.0,1\n", 400, "Row 0, column 'customer': it is missing"),
        (b"customer,amount,amount\n1,2,3\n", 400, "two columns 'amount'"),
        (b"customer,amount\n1,1.0\n2\n", 400, "Row 1 of the CSV (line 3) has 1 cells, and the header has 2 names"),
        (b"customer,amount\n1,1.0,secret-7\n", 400, "Row 0 of the CSV (line 2) has 3 cells"),
        (b'customer,amount\n1,"secret-7', 400, "cannot be read at line 2: unexpected end of data"),
        (b'customer,amount\n"1"x,secret-7\n', 400, "cannot be read at line 2"),
        (b"customer,amount\n1,secret-7\n", 400, "Row 0, column 'amount': found a text, not double"),
        (b"customer,amount\n1.5,1\n", 400, "Row 0, column 'customer': found a number, not bigint"),
        (b"customer,amount\n9223372036854775808,1\n", 400, "Row 0, column 'customer': 9223372036854775808 is beyond"),
        (b"customer,amount\n" + b"1" * 5_000 + b",1\n", 400, "Row 0, column 'customer': the number is beyond"),
        (
            b"customer,amount\n1,1" + b"0" * 350 + b"\n",
            400,
            "column 'amount': the number is beyond the range of double",
        ),
        (b"customer,amount\n1,1e999\n", 400, "column 'amount': the number is beyond the range of double"),
        (
            b"customer,amount\n1,1\n1,NaN\n",
            400,
            "Row 1, column 'amount': found NaN or an infinity, not a finite double",
        ),
        (b"customer,amount\n1,-inf\n", 400, "Row 0, column 'amount': found NaN or an infinity"),
        ("customer,amount\n1,é\n".encode("latin-1"), 400, "The body is not UTF-8 (byte 18)"),
        ("customer,amount\n1,1\n".encode("utf-16"), 400, "The body is not UTF-8"),
        (b"PAR1\x00\x15\xff", 400, "The body is not UTF-8"),
        (b"customer,amount\n1," + b"x" * 200_000 + b"\n", 400, "field larger than field limit"),
        (b"customer,amount\n" + b"1,1.0\n" * 10_001, 413, "more than 10,000 rows"),
        (b"x" * (16 * 2**20 + 1), 413, "larger than 16,777,216 bytes"),
    ],
    ids=range(24),
)
def test_bad_bodies_get_one_sentence_without_their_data(shop, server, body, status, message):
    found, _, answer = post(f"{server.url}/serving-endpoints/{shop.endpoint}/invocations", body, CSV)
    assert (found, set(answer)) == (status, {"error_code", "message"})
    assert message in answer["message"]
    assert "secret-7" not in answer["message"]


@pytest.mark.parametrize("kind", ["text/csv; charset=latin-1", "text/csv; header=absent"])
def test_parameters_that_would_change_the_meaning_are_refused(server, kind):
    assert post(f"{server.url}/invocations", b"customer,amount\n1,1\n", {"Content-Type": kind})[0] == 415


def test_cells_are_read_by_the_type_of_their_column():
    body = (
        "whole,number,flag,name,day,at,price,tags,more,code,mixed\n"
        '-7, 1.5e3 ,TRUE,007,2026-01-31,2026-01-31 12:30:00,1.005,"[""a"",null]",3,01,1\n'
        "3.0,.5,false, x ,,,,,,02,a\n"
    )
    first, second = parse_csv(body.encode(), 10, KINDS).rows
    assert first == {
        "whole": -7,
        "number": 1500.0,
        "flag": True,
        "name": "007",
        "day": "2026-01-31",
        "at": "2026-01-31 12:30:00",
        "price": "1.005",
        "tags": ["a", None],
        "more": 3,
        "code": "01",
        "mixed": "1",
    }
    assert second["whole"] == 3.0
    assert (second["name"], second["day"], second["tags"], second["more"]) == (" x ", None, None, None)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), min_size=1, max_size=8)
ROWS = st.fixed_dictionaries(
    {
        "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
        "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "flag": st.none() | st.booleans(),
        "name": st.none() | TEXTS,
    }
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(ROWS, min_size=1, max_size=5))
def test_rows_come_back_as_they_were_written(rows):
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    assert parse_csv(file.getvalue().encode(), 5, KINDS).rows == rows


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    st.binary(max_size=60) | st.text('whole,number\n"1.e-fa', max_size=60).map(str.encode), st.sampled_from([{}, KINDS])
)
def test_any_bytes_are_rows_or_a_sentence(body, kinds):
    with contextlib.suppress(InvalidInputError):  # any other error fails the test
        assert all(isinstance(row, dict) for row in parse_csv(body, 100, kinds).rows)
