"""Published tables that follow their feature table by themselves: a stream of its change feed says when to publish."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from headwater import lakehouse
from headwater.lakehouse import HeadwaterError, InvalidInputError
from headwater.serving.online.publish import publish_table
from headwater.serving.online.stores import open_online_store

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery

__all__ = ["NotYetPublishedError", "PublishedTable", "follow"]


class NotYetPublishedError(HeadwaterError):
    """An online table has not reached a version in time."""

    def __init__(self, table: str, wanted: int, found: int | None, seconds: float) -> None:
        super().__init__(table, wanted, found, seconds)
        self.table, self.wanted, self.found, self.seconds = table, wanted, found, seconds

    def __str__(self) -> str:
        return (
            f"The online table {self.table} is at version {self.found} of its source after {self.seconds:g} s, not yet at "
            f"{self.wanted}: publish it again, or see whether its stream runs (get_status())."
        )


@dataclass(frozen=True)
class PublishedTable:
    """What ``publish_table`` gives back.

    Attributes
    ----------
    online_table_name
        Full name of the online table.
    pipeline_id
        Id of the stream that publishes it, empty for a publish that is done when the call returns.
    """

    online_table_name: str
    pipeline_id: str
    source_table_name: str
    online_store_name: str
    _spark: SparkSession
    _query: StreamingQuery | None = None

    def get_status(self) -> dict[str, Any]:
        """Return the state (``ONLINE``, ``FAILED`` or ``NOT_PUBLISHED``), the published version and its time in milliseconds."""
        table = open_online_store(lakehouse.settings_of(self._spark), self.online_store_name).table(
            self.online_table_name
        )
        failed = self._query.exception() if self._query is not None else None
        state = "FAILED" if failed is not None else "NOT_PUBLISHED" if table is None else "ONLINE"
        version, published = (table.version, table.published) if table is not None else (None, None)
        return {"state": state, "version": version, "published": published, "message": str(failed or "")}

    def wait(self, min_commit_version: int | None = None, timeout: float | None = None) -> None:
        """Wait until the online table has a version of its source: by default the newest there is now.

        Raises
        ------
        NotYetPublishedError
            It has not after `timeout` seconds; None waits for ever.
        """
        wanted = min_commit_version
        if wanted is None:
            wanted = lakehouse.table_version(self._spark, self.source_table_name)
        ends = None if timeout is None else time.monotonic() + timeout
        while True:
            status = self.get_status()
            if status["version"] is not None and status["version"] >= wanted:
                return
            if ends is not None and time.monotonic() >= ends:
                raise NotYetPublishedError(self.online_table_name, wanted, status["version"], timeout or 0)
            time.sleep(0.1)

    def stop(self) -> None:
        """End the stream that publishes it, if there is one."""
        if self._query is not None:
            self._query.stop()


def follow(
    spark: SparkSession, store: str, source: str, online_table: str, *, seconds: float, ttl: float | None
) -> StreamingQuery:
    """Publish the changes of a feature table as they come, until the query is stopped; one query a table.

    Parameters
    ----------
    seconds
        Between two looks for changes.

    Notes
    -----
    Each batch of the stream publishes up to the newest version, by the online table's own position: a batch that is done twice
    changes nothing.
    """
    name = f"publish {store} {online_table}"
    for query in spark.streams.active:
        if query.name == name:
            return query
    version = lakehouse.table_version(spark, source)
    feed = (
        spark.readStream.option("readChangeFeed", "true")
        .option("startingVersion", version)
        .table(lakehouse.resolve(spark, source).quoted)
    )

    def publish(batch: DataFrame, _: int) -> None:
        publish_table(batch.sparkSession, store, source, online_table, "CONTINUOUS", ttl=ttl)

    settings = lakehouse.settings_of(spark)
    folder = Path(settings.home) / "online" / store / "checkpoints" / quote(online_table, safe=" ")
    writer = feed.select("_commit_version").writeStream.foreachBatch(publish).queryName(name)
    return writer.option("checkpointLocation", str(folder)).trigger(processingTime=f"{seconds} seconds").start()


def refuse_options(**options: Any) -> None:
    """Refuse what these online stores do not take; None means not given.

    Raises
    ------
    InvalidInputError
        Names the first option that is given.
    """
    for name, value in options.items():
        if value is not None:
            raise InvalidInputError(
                f"publish_table takes no {name} for an online store: it publishes the newest row of each key."
            )
