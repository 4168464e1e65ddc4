"""The session with Databricks' SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import Settings
from headwater.sql import install

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["session"]


def session(settings: Settings | None = None) -> SparkSession:
    """Return a Spark session with Delta Lake that understands Databricks' SQL; starts an embedded one if none is active.

    See :func:`headwater.lakehouse.session`. On Databricks, on Spark Connect and on a session of the user's own nothing is added.

    Examples
    --------
    >>> session().sql("SHOW CATALOGS LIKE 'ma*'").collect()
    [Row(catalog='main')]
    """
    return install(lakehouse.session(settings))
