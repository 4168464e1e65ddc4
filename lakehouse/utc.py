"""Casts of times, and SQL that users write, as in a session whose time zone is UTC, whatever this session's is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

__all__ = ["in_utc", "utc_cast"]

_DAY: Final = 86_400_000_000
_ZONE: Final = "spark.sql.session.timeZone"
_HAS_ZONE: Final = r":[0-9.]+\s*[A-Za-z+-]"  # a letter or a sign after the minutes or seconds


@contextmanager
def in_utc(spark: SparkSession) -> Iterator[None]:
    """Let texts of SQL that are given to DataFrames within go by UTC: their dates, hours, casts and literals.

    Spark notes the zone in each expression when it resolves it, which it does as soon as a DataFrame is made of it: what is read
    of such a DataFrame later goes by UTC too. The session's setting is another one for as long, and is put back. On Spark
    Connect, which resolves when rows are asked for, nothing changes: set the session's time zone to UTC there.

    Examples
    --------
    >>> spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    >>> with in_utc(spark):
    ...     hours = spark.sql("SELECT timestamp'2024-03-01 12:00:00+00:00' AS at").selectExpr("hour(at) AS hour")
    >>> spark.conf.get("spark.sql.session.timeZone"), hours.first().hour
    ('America/New_York', 12)
    >>> spark.conf.set("spark.sql.session.timeZone", "UTC")
    """
    before = str(spark.conf.get(_ZONE))
    if before == "UTC":
        yield
        return
    spark.conf.set(_ZONE, "UTC")
    try:
        yield
    finally:
        spark.conf.set(_ZONE, before)


def utc_cast(value: Column, found: str, wanted: str) -> Column:
    """Return the value cast to another type; where Spark's cast depends on the session's time zone, that of UTC.

    These are the casts between TIMESTAMP on one side and DATE, TIMESTAMP_NTZ or STRING on the other. A text that names a time
    zone keeps it.

    Parameters
    ----------
    found, wanted
        Spark's simple names of the value's type and of the one to return.

    Examples
    --------
    >>> days = spark.sql("SELECT date'2024-03-01' AS day")
    >>> days.select(utc_cast(days.day, "date", "timestamp").cast("bigint").alias("seconds")).first().seconds
    1709251200
    """
    from pyspark.sql import functions as F

    times = ("timestamp", "date", "timestamp_ntz")
    if found == wanted or "timestamp" not in (found, wanted) or not {found, wanted} <= {*times, "string"}:
        return value.cast(wanted)
    if found == "date":
        return F.timestamp_micros(F.unix_date(value).cast("bigint") * _DAY)
    if wanted == "date":
        return F.date_from_unix_date(F.floor(F.unix_micros(value) / F.lit(_DAY)).cast("int"))
    if found == "timestamp":
        return _written(F.unix_micros(value)).cast(wanted)
    in_utc = F.timestamp_micros(_micros(value.cast("timestamp_ntz")))
    return in_utc if found == "timestamp_ntz" else F.when(value.rlike(_HAS_ZONE), value.cast(wanted)).otherwise(in_utc)


def _written(micros: Column) -> Column:
    """Return a moment in UTC as Spark writes it."""
    from pyspark.sql import functions as F

    day = F.date_from_unix_date(F.floor(micros / F.lit(_DAY)).cast("int")).cast("string")
    rest = F.pmod(micros, F.lit(_DAY))
    seconds, fraction = F.floor(rest / 1_000_000), F.pmod(rest, F.lit(1_000_000))
    clock = F.format_string("%s %02d:%02d:%02d", day, F.floor(seconds / 3600), F.floor(seconds / 60) % 60, seconds % 60)
    digits = F.rtrim(F.format_string(".%06d", fraction), F.lit("0"))
    return F.when(micros.isNotNull(), F.concat(clock, F.when(fraction == 0, "").otherwise(digits)))


def _micros(local: Column) -> Column:
    """Return a TIMESTAMP_NTZ as microseconds since 1970 on the same clock; Spark's differences would go by the session's zone."""
    from pyspark.sql import functions as F

    seconds = F.extract(F.lit("SECOND"), local)
    minutes = F.unix_date(local.cast("date")).cast("bigint") * 1440 + F.hour(local) * 60 + F.minute(local)
    return minutes * 60_000_000 + (seconds * 1_000_000).cast("bigint")
