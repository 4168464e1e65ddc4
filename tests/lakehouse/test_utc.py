"""Casts of times give in every session's time zone what Spark's own give in UTC."""

import itertools

import pytest

from headwater.lakehouse import utc_cast

KINDS = ("timestamp", "date", "timestamp_ntz", "string")
TEXTS = [
    "2024-03-31 02:30:00.000001",
    "1850-01-01",
    "1969-12-31 23:59:59.5",
    "2024-02-29T10:00:00+05:00",
    "9999-12-31",
    None,
]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "Europe/Berlin"])
def test_casts_of_times_are_those_of_utc(spark, zone):
    before = spark.conf.get("spark.sql.session.timeZone")
    pairs = list(itertools.permutations(KINDS, 2))
    texts = spark.createDataFrame([(text,) for text in TEXTS], "text string")

    def cast(with_cast):
        found = texts.select(*[_typed(kind).alias(kind) for kind in KINDS])
        return found.select(*[with_cast(found[a], a, b).alias(f"{a}_to_{b}") for a, b in pairs])

    def comparable(rows):  # times as numbers, so that no zone plays a part in the way to Python
        kinds = dict(rows.dtypes)
        return rows.selectExpr(
            *[f"unix_micros({c}) AS {c}" if kinds[c] == "timestamp" else f"CAST({c} AS STRING) AS {c}" for c in kinds]
        ).collect()

    def _typed(kind):
        return utc_cast(texts.text, "string", kind) if kind == "timestamp" else texts.text.cast(kind)

    try:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        expected = comparable(cast(lambda value, _, wanted: value.cast(wanted)))
        spark.conf.set("spark.sql.session.timeZone", zone)
        assert comparable(cast(utc_cast)) == expected
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)
