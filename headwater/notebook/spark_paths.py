"""Lets Spark's and Delta's Python methods understand a workspace's paths, within a run.

Mapped are texts that are arguments of readers, writers and their options, the path of ``delta.`/path` `` names, and in SQL
the paths after LOCATION, FROM, INPATH, ``path`` options, and in ``read_files``. What Spark says back (``input_file_name()``)
is the local path.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headwater.notebook.paths import Places
from headwater.notebook.python_paths import replaced

__all__ = ["map_sql", "spark_paths"]

_READ = ("csv", "json", "load", "option", "options", "orc", "parquet", "text", "xml")
_WRITE = ("csv", "json", "option", "options", "orc", "parquet", "save", "start", "text", "xml")
_IN_SQL = re.compile(
    r"""(?P<before>\b(?:LOCATION|FROM|INPATH|DIRECTORY|LIST|read_files\s*\(|['"]?path['"]?\s*[=(]?)\s*)
        (?P<quote>['"])(?P<path>(?:dbfs:|file:|/)[^'"]*)(?P=quote)
      | (?P<format>\b(?:avro|binaryFile|csv|delta|json|orc|parquet|text)\.)`(?P<name>(?:dbfs:|file:|/)[^`]*)`""",
    re.IGNORECASE | re.VERBOSE,
)


@contextmanager
def spark_paths(places: Places) -> Iterator[None]:
    """Let Spark's readers, writers and SQL map paths by :meth:`Places.of_spark` within."""
    from delta.tables import DeltaTable, DeltaTableBuilder
    from pyspark.core.context import SparkContext
    from pyspark.sql import SparkSession
    from pyspark.sql.readwriter import DataFrameReader, DataFrameWriter
    from pyspark.sql.streaming.readwriter import DataStreamReader, DataStreamWriter

    path, query = _wrapper(places.of_spark), _wrapper(functools.partial(map_sql, places))
    what: list[tuple[Any, str, Any]] = [(SparkSession, "sql", query)]
    for reader in (DataFrameReader, DataStreamReader):
        what += [(reader, name, path) for name in _READ] + [(reader, "table", query)]
    what.append((SparkSession, "table", query))
    for writer in (DataFrameWriter, DataStreamWriter):
        what += [(writer, name, path) for name in _WRITE]
    what += [(DeltaTable, name, path) for name in ("forPath", "isDeltaTable")] + [(DeltaTable, "convertToDelta", query)]
    what += [(DeltaTableBuilder, "location", path)]
    what += [(SparkContext, name, path) for name in ("addFile", "addPyFile", "textFile", "wholeTextFiles")]
    with replaced(what):
        yield


def map_sql(places: Places, text: str) -> str:
    """Return SQL with the workspace's paths replaced by those of this machine.

    Examples
    --------
    >>> map_sql(Places(Path("/h")), "SELECT '/mnt/a' FROM delta.`dbfs:/t`")
    "SELECT '/mnt/a' FROM delta.`/h/dbfs/t`"
    """

    def local(match: re.Match[str]) -> str:
        if match["name"]:
            return f"{match['format']}`{places.of_spark(match['name'])}`"
        return f"{match['before']}{match['quote']}{places.of_spark(match['path'])}{match['quote']}"

    return _IN_SQL.sub(local, text)


def _wrapper(mapping: Callable[[str], str]) -> Callable[[Any], Any]:
    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def mapped(*args: Any, **kwargs: Any) -> Any:
            return function(
                *(_mapped(mapping, argument) for argument in args),
                **{name: _mapped(mapping, argument) for name, argument in kwargs.items()},
            )

        return mapped

    return wrap


def _mapped(mapping: Callable[[str], str], argument: Any) -> Any:
    if isinstance(argument, str):
        return mapping(argument)
    if isinstance(argument, Path):
        return mapping(str(argument))
    if isinstance(argument, list | tuple) and all(isinstance(one, str) for one in argument):
        return type(argument)(mapping(one) for one in argument)
    return argument
