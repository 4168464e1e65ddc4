"""Types by their simple names are those that Spark's own parser gives."""

from __future__ import annotations

import pytest
from pyspark.sql.types import DataType

from headwater.lakehouse import arrow_type, spark_type

KINDS = (
    "tinyint",
    "timestamp_ntz",
    "decimal(38,18)",
    "array<array<float>>",
    "map<string,struct<a:decimal(5,2),b:array<date>>>",
    "struct<a:map<int,bigint>,b:struct<c:binary>,d:boolean>",
)


def test_names_are_parsed_as_spark_parses_them(spark):
    assert [spark_type(kind) for kind in KINDS] == [DataType.fromDDL(kind) for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS)
def test_a_type_needs_no_session(kind):
    assert spark_type(kind).simpleString() == kind
    assert arrow_type(kind) is not None
