"""What is kept of catalogs, schemas and volumes: one small JSON file each in ``.headwater/catalog/<kind>/``.

Tables keep their own notes, as properties; these have no place of their own on plain Spark.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater import lakehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["change", "forget", "names", "record"]


def record(spark: SparkSession, kind: str, name: str) -> dict[str, Any]:
    """Return what is kept of a thing: comment, owner, tags and so on; nothing if nothing is."""
    file = _file(spark, kind, name)
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def change(spark: SparkSession, kind: str, name: str, **changes: Any) -> None:
    """Keep these facts; the others stay."""
    lakehouse.write_json(_file(spark, kind, name), record(spark, kind, name) | {"name": name} | changes)


def forget(spark: SparkSession, kind: str, name: str) -> None:
    """Keep nothing of it any more."""
    _file(spark, kind, name).unlink(missing_ok=True)


def names(spark: SparkSession, kind: str) -> list[str]:
    """Return the names of the things of a kind of which something is kept, sorted."""
    folder = _file(spark, kind, "x").parent
    return sorted(json.loads(file.read_text())["name"] for file in folder.glob("[!.]*.json"))


def _file(spark: SparkSession, kind: str, name: str) -> Path:
    safe = name.lower().replace("%", "%25").replace("/", "%2F")
    return lakehouse.settings_of(spark).home / "catalog" / kind.lower() / f"{safe}.json"
