"""The names that a notebook finds without importing them."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from functools import partial
from typing import TYPE_CHECKING

from headwater.notebook.kernel.cell import Kernel, Names
from headwater.notebook.kernel.line_magics import line_magic
from headwater.notebook.reading.cells import Cell, Notebook
from headwater.notebook.reading.magics import CALL, as_python

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["SPARK_NAMES", "bind_spark", "first_names", "mentions_spark", "runtime_names"]

SPARK_NAMES = ("sc", "spark", "sql", "sqlContext", "table", "udf")
_NO_SPARK = {*sys.stdlib_module_names, "IPython", "matplotlib", "numpy", "pandas", "plotly", "requests", "yaml"}
_SPARK_WORDS = re.compile(rf"\b({'|'.join(SPARK_NAMES)})\b")


def first_names(kernel: Kernel) -> Names:
    """Return what a namespace begins with, without Spark's names."""
    return {
        "__name__": "__main__",
        "__doc__": None,
        CALL: partial(line_magic, kernel),
        "dbutils": kernel.dbutils,
        "display": kernel.display,
        "displayHTML": kernel.display_html,
        "getArgument": kernel.widgets.getArgument,
    }


def bind_spark(names: Names, spark: SparkSession) -> None:
    """Put Spark's names into a namespace: the session, its context where it has one, and its functions."""
    from pyspark.sql.functions import udf

    names.update(spark=spark, sql=spark.sql, table=spark.table, udf=udf)
    try:
        names["sc"] = spark.sparkContext
        from pyspark.sql import SQLContext

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is deprecated; old notebooks use it
            names["sqlContext"] = SQLContext.getOrCreate(names["sc"])
    except Exception:  # noqa: BLE001 - a Connect session has neither, and says so in many ways
        names.pop("sc", None)


def runtime_names(kernel: Kernel) -> Names:
    """Return what ``from databricks.sdk.runtime import *`` gives."""
    kernel.spark()
    wanted = (*SPARK_NAMES, "dbutils", "display", "displayHTML", "getArgument")
    return {name: kernel.namespace[name] for name in wanted if name in kernel.namespace}


def mentions_spark(notebook: Notebook) -> bool:
    """Say whether a notebook may need Spark: it names something of Spark's, or imports what is not known to do without.

    A session takes seconds to start; a notebook that moves files or sets values does without.
    """
    return any(_cell_mentions(cell) for cell in notebook.cells)


def _cell_mentions(cell: Cell) -> bool:
    if cell.kind == "sql":
        return True
    if cell.kind != "python":
        return False
    if _SPARK_WORDS.search(cell.code):
        return True
    try:
        tree = ast.parse(as_python(cell.code))
    except (SyntaxError, ValueError):
        return False
    return any(_top(name) not in _NO_SPARK for node in ast.walk(tree) for name in _imported(node))


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def _top(module: str) -> str:
    return module.partition(".")[0]
