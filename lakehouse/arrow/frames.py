"""Arrow data handed to Spark as files: rows that this process computed, for as long as it runs."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.lakehouse.scratch import ScratchFullError, scratch_bytes, scratch_folder
from headwater.lakehouse.warehouse.faults import faults_named

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

__all__ = ["arrow_schema", "frame_of_arrow", "pandas_of_arrow"]

_SMALL = 4 << 20
_GROUP = 1 << 15


def frame_of_arrow(
    spark: SparkSession, parts: Iterator[pa.Table], schema: StructType, *, home: Path, bound: int
) -> DataFrame:
    """Return a DataFrame of Arrow tables, one after the other; none need be in memory when the next is made.

    Few rows go to Spark's memory; more are written to Parquet files in ``<home>/scratch``, which Spark reads 5 to 7 times as
    fast as it takes Arrow data from Python, with only the columns that are used, and without its heap. Each processor writes
    one, since a file is written by one thread.

    Frames derived from the frame read its files too, so the files stay as long as the Spark application can: they go when this
    process ends, or, should it be killed, when the next session on the same store starts; a process that starts another
    application removes those of the one before. They cannot go with the frame. That no plan reads them any more could be seen
    (Java's garbage collector takes the plan's file index), but the RDD of a frame outlives its plan, has the files' paths alone,
    and reads them whenever a task is run again. So their size has a bound, and past it rows are left to Spark.

    Parameters
    ----------
    schema
        Types and names. The DataFrame's columns may all be NULL, as those of any file.
    bound
        Most bytes that the store's scratch files may take.

    Raises
    ------
    ScratchFullError
        The rows would make them larger; what was written of the rows is removed.
    """
    import pyarrow as pa

    first = next(parts)
    if first.nbytes < _SMALL or any(field.dataType.typeName() == "void" for field in schema):
        return spark.createDataFrame(pa.concat_tables([first, *parts]), schema)
    files = _application_folder(spark, home) / uuid.uuid4().hex
    try:
        with faults_named(name=f"a frame, in {files},"):
            _write(files, first.schema, _bounded(chain([first], parts), home, bound), first.num_rows, spark.version)
    except BaseException:
        shutil.rmtree(files, ignore_errors=True)
        raise
    return spark.read.schema(schema).format("parquet").load(files.as_uri())


def _application_folder(spark: SparkSession, home: Path) -> Path:
    """Return the folder of the Spark application; those of earlier applications of this process, which ended, are removed."""
    own = scratch_folder(home) / str(spark.sparkContext.applicationId)
    for ended in own.parent.iterdir():
        if ended != own:
            shutil.rmtree(ended, ignore_errors=True)
    own.mkdir(exist_ok=True)
    return own


def _bounded(parts: Iterable[pa.Table], home: Path, bound: int) -> Iterator[pa.Table]:
    """Give the parts as long as they fit."""
    size = scratch_bytes(home)
    for part in parts:
        size += part.nbytes
        if size > bound:
            raise ScratchFullError(str(home / "scratch"), size, bound)
        yield part


def arrow_schema(schema: StructType) -> pa.Schema:
    """Return the Arrow types in which ``DataFrame.toArrow`` gives these columns."""
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(schema, timezone="UTC")


def pandas_of_arrow(spark: SparkSession, table: pa.Table, schema: StructType) -> pd.DataFrame:
    """Return what ``toPandas`` gives for these rows in this session: PySpark's own conversion, without the way through Java."""
    from pyspark.sql.pandas.conversion import _convert_arrow_table_to_pandas

    return _convert_arrow_table_to_pandas(
        table.cast(arrow_schema(schema)),
        schema,
        timezone=spark.conf.get("spark.sql.session.timeZone"),
        struct_handling_mode=spark.conf.get("spark.sql.execution.pandas.structHandlingMode"),
        date_as_object=True,
    )


def _write(folder: Path, schema: pa.Schema, parts: Iterator[pa.Table], rows: int, version: str) -> None:
    """Write the parts into one file per processor, as far as the `rows` of the first part are worth it."""
    import pyarrow.parquet as pq

    folder.mkdir()
    # Named after Spark, whose calendar Arrow's is: else early dates might be taken for those of another calendar.
    target = schema.with_metadata({"org.apache.spark.version": version})
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False, "store_schema": False}
    count = min(os.cpu_count() or 1, -(-rows // _GROUP))
    with ExitStack() as files, ThreadPoolExecutor(count) as pool:
        writers = [
            files.enter_context(pq.ParquetWriter(folder / f"{i}.parquet", target, **options)) for i in range(count)
        ]
        for part in parts:
            size = max(1, -(-part.num_rows // count))
            shares = [part.slice(start, size) for start in range(0, part.num_rows, size)]
            list(pool.map(lambda writer, share: writer.write_table(share, row_group_size=_GROUP), writers, shares))
