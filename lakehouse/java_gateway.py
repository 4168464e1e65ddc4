"""The way into Spark's own classes, where it has no public one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["jvm", "jvm_session"]


def jvm(spark: SparkSession) -> Any:
    """Return the packages of the session's Java machine."""
    return spark._jvm  # noqa: SLF001 - Spark has no public way


def jvm_session(spark: SparkSession) -> Any:
    """Return Java's session behind this one."""
    return spark._jsparkSession  # noqa: SLF001 - Spark has no public way
