"""Lets Spark's, Delta's and Spark ML's Python methods understand a workspace's paths, within a run.

Mapped are the paths given to readers (:meth:`Places.to_read`) and to writers (:meth:`Places.to_write`), options and settings
that are called a path or a location, the path of ``delta.`/path` `` names, and in SQL the paths after LOCATION, FROM, INPATH,
``path`` options, and in ``read_files``. What SQL reads from counts as read, every other path as written to. What Spark says back
(``input_file_name()``) is the local path. Not reached: paths given to Java objects of one's own.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from headwater.lakehouse.sql_tokens import without_comments
from headwater.notebook.workspace.paths import Places
from headwater.notebook.workspace.python_paths import named_arguments, replaced

__all__ = ["map_sql", "spark_paths"]

_FILES = ("csv", "json", "orc", "parquet", "text", "xml")
_CONTEXT_READS = [
    "addArchive",
    "addFile",
    "addPyFile",
    "binaryFiles",
    "binaryRecords",
    "hadoopFile",
    "newAPIHadoopFile",
    "pickleFile",
    "sequenceFile",
    "textFile",
    "wholeTextFiles",
]
_RDD_WRITES = ["saveAsHadoopFile", "saveAsNewAPIHadoopFile", "saveAsPickleFile", "saveAsSequenceFile", "saveAsTextFile"]
# Spark ML's; a subclass that has a method of its own must be named too.
_ML_READERS = {
    "pyspark.ml.util": ("DefaultParamsReader", "JavaMLReader", "MLReadable"),
    "pyspark.ml.pipeline": ("PipelineModelReader", "PipelineReader"),
}
_ML_WRITERS = {"pyspark.ml.util": ("JavaMLWriter", "MLWritable", "MLWriter")}
_PATH_OPTION = re.compile(r".*(path|location)", re.IGNORECASE)
_IN_SQL = re.compile(
    r"""(?P<before>\b(?P<word>LOCATION|FROM|INPATH|DIRECTORY|LIST|read_files\s*\(|['"]?path['"]?\s*[=(]?)\s*)
        (?P<quote>['"])(?P<path>(?:dbfs:|file:|/)[^'"]*)(?P=quote)
      | (?P<format>\b(?:avro|binaryFile|csv|delta|json|orc|parquet|text)\.)`(?P<name>(?:dbfs:|file:|/)[^`]*)`""",
    re.IGNORECASE | re.VERBOSE,
)
_READ_FROM = re.compile(
    r"""(?:(?<!\bdelete)\ from | \bjoin | \busing | \bclone | , | ^\s*from
      | \bdesc(?:ribe)?(?:\ (?:detail|history|table|extended|formatted))*)[\s(]*$""",
    re.IGNORECASE | re.VERBOSE,
)
_VIEW = re.compile(r"^\s*create\b[^'\"`(]*\bview\b", re.IGNORECASE)


@contextmanager
def spark_paths(places: Places) -> Iterator[None]:
    """Let Spark's readers, writers and SQL map paths within."""
    from delta.tables import DeltaTable, DeltaTableBuilder
    from pyspark.core.context import SparkContext
    from pyspark.core.rdd import RDD
    from pyspark.sql import SparkSession
    from pyspark.sql.catalog import Catalog
    from pyspark.sql.classic.dataframe import DataFrame
    from pyspark.sql.conf import RuntimeConfig
    from pyspark.sql.readwriter import DataFrameReader, DataFrameWriter
    from pyspark.sql.streaming.readwriter import DataStreamReader, DataStreamWriter

    paths = ("dirName", "identifier", "location", "name", "path", "paths")
    names = ("identifier", "name", "sqlQuery", "table", "tableName", "tableOrViewName")
    read, write = (named_arguments(_each(mapping), *paths) for mapping in (places.to_read, places.to_write))
    query, read_name, write_name = (
        named_arguments(_each(functools.partial(map_sql, places, context=context)), *names)
        for context in ("", "FROM ", "INSERT INTO ")
    )
    what: list[tuple[Any, str, Any]] = [(SparkSession, "sql", query), (SparkSession, "table", read_name)]
    for reader in (DataFrameReader, DataStreamReader):
        what += [(reader, method, read) for method in (*_FILES, "load")] + [(reader, "table", read_name)]
        what += [(reader, method, _options(places.to_read, places.to_write)) for method in ("option", "options")]
    for writer in (DataFrameWriter, DataStreamWriter):
        what += [(writer, method, write) for method in (*_FILES, "save", "start")]
        what += [(writer, method, write_name) for method in ("insertInto", "saveAsTable", "toTable")]
        what += [(writer, method, _options(places.to_write, places.to_write)) for method in ("option", "options")]
    what += [(DataFrame, "mergeInto", write_name), (DataFrame, "writeTo", write_name)]
    what += [(RuntimeConfig, "set", _options(places.to_write, places.to_write))]
    what += [(DeltaTable, name, write) for name in ("forPath", "isDeltaTable")]
    what += [(DeltaTable, name, write_name) for name in ("convertToDelta", "forName")]
    what += [(DeltaTableBuilder, "location", write), (DeltaTableBuilder, "tableName", write_name)]
    what += [(SparkContext, name, read) for name in _CONTEXT_READS] + [(SparkContext, "setCheckpointDir", write)]
    what += [(RDD, name, write) for name in _RDD_WRITES]
    what += [
        (Catalog, name, named_arguments(_each(places.to_write), "path"))
        for name in ("createExternalTable", "createTable")
    ]
    for kinds, method, how in ((_ML_READERS, "load", read), (_ML_WRITERS, "save", write)):
        what += [
            (getattr(importlib.import_module(module), name), method, how)
            for module, all_ in kinds.items()
            for name in all_
        ]
    with replaced(what):
        yield


def map_sql(places: Places, text: str, context: str = "") -> str:
    """Return SQL with the workspace's paths replaced by those of this machine; `context` is what stands before the text.

    Examples
    --------
    >>> from pathlib import Path
    >>> map_sql(Places(Path("/h")), "SELECT '/mnt/a' FROM delta.`dbfs:/t`")
    "SELECT '/mnt/a' FROM delta.`/h/dbfs/t`"
    """

    def local(match: re.Match[str]) -> str:
        before = " ".join(without_comments(context + text[: match.start()]).split()) + " "
        if match["name"]:
            mapping = places.to_read if _READ_FROM.search(before) else places.to_write
            return f"{match['format']}`{mapping(match['name'])}`"
        word = match["word"].lower()
        reads = word.startswith(("from", "list", "read_files")) or ("path" in word and _VIEW.match(before) is not None)
        mapping = places.to_read if reads and not word.startswith("inpath") else places.to_write
        return f"{match['before']}{match['quote']}{mapping(match['path'])}{match['quote']}"

    return _IN_SQL.sub(local, text)


def _options(path: Callable[[str], str], location: Callable[[str], str]) -> Callable[[Any], Any]:
    """Return a decorator of ``option(key, value)`` and ``options(**all)`` that maps what is called a path or location."""

    def value_of(name: Any, value: Any) -> Any:
        if not isinstance(name, str) or not _PATH_OPTION.fullmatch(name):
            return value
        return _each(path if name.lower() in {"path", "paths"} else location)(value)

    def wrap(function: Any) -> Any:
        signature = inspect.signature(function)
        keyed = "key" in signature.parameters

        @functools.wraps(function)
        def mapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            if keyed:
                bound = signature.bind(self, *args, **kwargs).arguments
                return function(self, bound["key"], value_of(bound["key"], bound["value"]))
            return function(self, *args, **{name: value_of(name, value) for name, value in kwargs.items()})

        return mapped

    return wrap


def _each(mapping: Callable[[str], str]) -> Callable[[Any], Any]:
    """Return the mapping for what may be a text, a path or several of them; all else comes back as it is."""

    def mapped(argument: Any) -> Any:
        if isinstance(argument, str):
            return mapping(argument)
        if isinstance(argument, os.PathLike):
            return mapping(str(argument))
        if isinstance(argument, list | tuple):
            return type(argument)(mapped(one) for one in argument)
        return argument

    return mapped
