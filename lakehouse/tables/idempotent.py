"""Commits that are made once, however often their job is run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["written_once"]

_APPLICATION = "spark.databricks.delta.write.txnAppId"
_NUMBER = "spark.databricks.delta.write.txnVersion"


@contextmanager
def written_once(spark: SparkSession, application: str, number: int) -> Iterator[None]:
    """Let Delta pass over the writes of this session within, if the table's log has one of this application and number.

    The log keeps the greatest number of each application, in the commit that it came with: lower ones are passed over too.

    Examples
    --------
    >>> spark.range(2).write.saveAsTable("default.doc_once")
    >>> for _ in range(2):
    ...     with written_once(spark, "doc", 1):
    ...         spark.range(3).write.mode("append").saveAsTable("default.doc_once")
    >>> spark.table("default.doc_once").count()
    5
    >>> _ = spark.sql("DROP TABLE default.doc_once")
    """
    spark.conf.set(_APPLICATION, application)
    spark.conf.set(_NUMBER, str(number))
    try:
        yield
    finally:
        spark.conf.unset(_APPLICATION)
        spark.conf.unset(_NUMBER)
