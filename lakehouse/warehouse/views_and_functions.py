"""Views and SQL functions of an embedded session, kept as files beside its tables.

Spark's in-memory catalog forgets them when the process ends. What the catalog holds of one (its text, columns, and the
catalog and schema in which its names are resolved) is written into its schema's folder, ``_views/<name>.json`` or
``_routines/<name>.json``, and put back as it was: nothing is analysed anew, so that neither their order nor a table that
is gone for the moment matters.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.lakehouse.files import write_json
from headwater.lakehouse.java_gateway import jvm, jvm_session
from headwater.lakehouse.sql_text import quoted
from headwater.lakehouse.warehouse.layout import SchemaFolder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["forget_function", "keep_function", "keep_view", "restore", "view_names", "write_json"]

_LOG = logging.getLogger("headwater.lakehouse")
_VIEWS, _ROUTINES = "_views", "_routines"
# Places in Scala's case class CatalogTable.
_SCHEMA, _PROPERTIES, _TEXT, _COMMENT, _ORIGINAL = 3, 11, 13, 14, 20


def keep_view(spark: SparkSession, schema: SchemaFolder, view: str) -> None:
    """Write down what the catalog holds of a view, or remove the file of one that is gone."""
    file, external = schema.path / _VIEWS / f"{view.lower()}.json", _external(spark)
    if not external.tableExists(schema.database, view.lower()):
        file.unlink(missing_ok=True)
        return
    entry = external.getTable(schema.database, view.lower())
    if entry.tableType().name() == "VIEW":
        optional = {"comment": entry.comment(), "original": entry.viewOriginalText()}
        write_json(
            file,
            {
                "text": entry.viewText().get(),
                "schema": json.loads(entry.schema().json()),
                "properties": _as_dict(spark, entry.properties()),
                **{key: value.get() for key, value in optional.items() if value.isDefined()},
            },
        )


def keep_function(spark: SparkSession, schema: SchemaFolder, function: str) -> None:
    """Write down what the catalog holds of a function, or remove the file of one that is gone."""
    file, external = schema.path / _ROUTINES / f"{function.lower()}.json", _external(spark)
    if not external.functionExists(schema.database, function.lower()):
        file.unlink(missing_ok=True)
        return
    entry = external.getFunction(schema.database, function.lower())
    resources = entry.resources()
    found = [resources.apply(i) for i in range(resources.size())]
    write_json(
        file,
        {"class": entry.className(), "resources": [[r.resourceType().resourceType(), r.uri()] for r in found]},
    )


def forget_function(schema: SchemaFolder, function: str) -> None:
    """Remove the file of a function that is kept elsewhere."""
    (schema.path / _ROUTINES / f"{function.lower()}.json").unlink(missing_ok=True)


def view_names(folder: Path) -> set[str]:
    """Return the names of the views that are kept in a schema's folder."""
    return {file.stem for file in (folder / _VIEWS).glob("*.json")}


def restore(spark: SparkSession, schema: SchemaFolder, known: Iterable[str]) -> None:
    """Put views and functions of a schema's folder into the session's catalog where they are not in it.

    Parameters
    ----------
    known
        Names of the tables and views in the catalog; views among them are left as they are.
    """
    for view in sorted(view_names(schema.path) - set(known)):
        _restored(partial(_restore_view, spark, schema.database, view), schema.path / _VIEWS / f"{view}.json")
    for file in sorted((schema.path / _ROUTINES).glob("*.json")):
        if not _external(spark).functionExists(schema.database, file.stem):
            _restored(partial(_restore_function, spark, schema.database, file.stem), file)


def _restored(restore_one: Callable[[dict[str, Any]], None], file: Path) -> None:
    """Put one entry back; a file that cannot be read costs this entry alone."""
    try:
        restore_one(json.loads(file.read_text()))
    except FileNotFoundError:
        pass  # another process has dropped it meanwhile
    except (ValueError, KeyError, TypeError) as error:
        _LOG.warning("%s is damaged (%s) and left out: remove the file, and create the entry again.", file, error)


def _restore_view(spark: SparkSession, database: str, view: str, kept: dict[str, Any]) -> None:
    jvm_session(spark).sql(
        f"CREATE VIEW IF NOT EXISTS spark_catalog.{quoted(database)}.{quoted(view)} AS SELECT 1 AS one"
    )
    external, java = _external(spark), jvm(spark)
    entry = external.getTable(database, view)
    fields = [getattr(entry, f"copy$default${i + 1}")() for i in range(entry.productArity())]
    fields[_SCHEMA] = java.org.apache.spark.sql.types.DataType.fromJson(json.dumps(kept["schema"]))
    fields[_PROPERTIES] = java.org.apache.spark.api.python.PythonUtils.toScalaMap(kept["properties"])
    fields[_TEXT] = java.scala.Option.apply(kept["text"])
    fields[_COMMENT] = java.scala.Option.apply(kept.get("comment"))
    fields[_ORIGINAL] = java.scala.Option.apply(kept.get("original"))
    external.alterTable(entry.copy(*fields))


def _restore_function(spark: SparkSession, database: str, function: str, kept: dict[str, Any]) -> None:
    java = jvm(spark).org.apache.spark
    catalog = java.sql.catalyst.catalog
    resources = [
        catalog.FunctionResource(catalog.FunctionResourceType.fromString(kind), uri) for kind, uri in kept["resources"]
    ]
    some = jvm(spark).scala.Option.apply
    identifier = java.sql.catalyst.FunctionIdentifier(function, some(database), some("spark_catalog"))
    sequence = java.api.python.PythonUtils.toSeq(resources)
    _external(spark).createFunction(database, catalog.CatalogFunction(identifier, kept["class"], sequence))


def _as_dict(spark: SparkSession, scala_map: Any) -> dict[str, str]:
    return dict(jvm(spark).scala.jdk.javaapi.CollectionConverters.asJava(scala_map))


def _external(spark: SparkSession) -> Any:
    return jvm_session(spark).sessionState().catalog().externalCatalog()
