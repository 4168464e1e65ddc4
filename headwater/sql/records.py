"""What is kept of catalogs, schemas and volumes: one small JSON file each in ``.headwater/catalog/<kind>/``.

Tables keep their own notes, as properties; these have no place of their own on plain Spark.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater import lakehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["change", "forget", "names", "record"]

_LOG = logging.getLogger("headwater.sql")


def record(spark: SparkSession, kind: str, name: str) -> dict[str, Any]:
    """Return what is kept of a thing: comment, owner, tags and so on; nothing if nothing is, or the file is damaged."""
    return _read(_file(spark, kind, name)) or {}


def change(spark: SparkSession, kind: str, name: str, **changes: Any) -> None:
    """Keep these facts; the others stay. A file that cannot be read is set aside."""
    file = _file(spark, kind, name)
    if file.exists() and _read(file) is None:
        lakehouse.set_aside(lakehouse.settings_of(spark).home, file.name, file)
    lakehouse.write_json(_file(spark, kind, name), record(spark, kind, name) | {"name": name} | changes)


def forget(spark: SparkSession, kind: str, name: str) -> None:
    """Keep nothing of it any more."""
    _file(spark, kind, name).unlink(missing_ok=True)


def names(spark: SparkSession, kind: str) -> list[str]:
    """Return the names of the things of a kind of which something is kept, sorted; of a damaged file the name in lower case."""
    folder = _file(spark, kind, "x").parent
    found = {file: _read(file) for file in folder.glob("[!.]*.json")}
    return sorted(_name_of(file) if kept is None else kept["name"] for file, kept in found.items())


def _read(file: Path) -> dict[str, Any] | None:
    """Return what a file holds, nothing if it is not there; None, with a warning, if it is damaged: it costs itself alone."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        _say_damaged(file, str(error))
        return None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        _say_damaged(file, "it holds no name")
        return None
    return found


def _say_damaged(file: Path, fault: str) -> None:
    _LOG.warning(
        "%s is damaged (%s): its comment, owner and tags are left out; set them again, or put it back.", file, fault
    )


def _name_of(file: Path) -> str:
    return file.stem.replace("%2F", "/").replace("%25", "%")


def _file(spark: SparkSession, kind: str, name: str) -> Path:
    safe = name.lower().replace("%", "%25").replace("/", "%2F")
    return lakehouse.settings_of(spark).home / "catalog" / kind.lower() / f"{safe}.json"
