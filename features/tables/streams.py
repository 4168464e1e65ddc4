"""Streams into feature tables: each micro-batch is merged once, also when it is run again after a crash."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.features.tables.checks import check_rows_fit
from headwater.features.tables.properties import get_feature_table
from headwater.features.tables.write import write_feature_table
from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery

__all__ = ["write_feature_stream"]

_EVERY = {"processingTime": "5 seconds"}
_QUERY_ID = "sql.streaming.queryId"


def write_feature_stream(
    df: DataFrame, name: str, checkpoint_location: str | None = None, trigger: Mapping[str, Any] | None = None
) -> StreamingQuery:
    """Start a query that upserts each micro-batch of a stream by the primary keys (rule 14); return it.

    Parameters
    ----------
    checkpoint_location
        Folder in which the query keeps how far it came; with it, a query that is started again goes on where it stopped.
        None: a temporary one, and the next query starts anew.
    trigger
        As :meth:`DataStreamWriter.trigger` takes it, such as ``{"availableNow": True}``; default: every 5 seconds.

    Notes
    -----
    The table's log keeps the query's id and the number of the last micro-batch that it merged, in the same commit as the
    rows: a micro-batch that Spark runs again after a crash is passed over. (Spark Connect does not tell the id: there it is
    merged again, which changes what others have written in the meantime.) A micro-batch with duplicate or NULL keys stops
    the query, and is not written.

    Raises
    ------
    InvalidInputError
        The stream's columns do not fit the table (rules 9 to 12), or the trigger is none; nothing is started.
    """
    spark = df.sparkSession
    table = get_feature_table(spark, name)
    check_rows_fit(df, table)

    def upsert(batch: DataFrame, number: int) -> None:
        own = batch.sparkSession  # a clone of the session, so that its settings are this query's alone
        if lakehouse.is_embedded(own):
            lakehouse.add_catalog(own, table.name.split(".", 1)[0])
        query = None if lakehouse.is_connect(own) else own.sparkContext.getLocalProperty(_QUERY_ID)
        with lakehouse.written_once(own, f"headwater.stream.{query}", number) if query else nullcontext():
            write_feature_table(batch, table.name)

    writer = df.writeStream.foreachBatch(upsert)
    if checkpoint_location is not None:
        writer = writer.option("checkpointLocation", checkpoint_location)
    try:
        writer = writer.trigger(**(dict(trigger) if trigger is not None else _EVERY))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"Spark does not know the trigger {trigger!r}: {error}") from error
    return writer.start()
