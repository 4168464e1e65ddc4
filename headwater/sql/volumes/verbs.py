"""Volumes: folders of files, ``.headwater/volumes/<catalog>/<schema>/<volume>``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, TableName
from headwater.sql import records
from headwater.sql.call import Call, frame
from headwater.sql.clauses import matches
from headwater.sql.errors import NotFoundError, TakenError
from headwater.sql.securables import require_schema, volumes_of
from headwater.sql.volumes.statements import CreateVolume, DescribeVolume, DropVolume, ShowVolumes

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["create_volume", "describe_volume", "drop_volume", "show_volumes"]


def create_volume(statement: CreateVolume, call: Call) -> DataFrame:
    """Make a volume's folder, or a link to one of this machine."""
    full = call.full(statement.name)
    lakehouse.check_new_name(call.spark, "volume", full.schema, full.table)
    require_schema(call, full.catalog, full.schema)
    name = str(full).lower()
    if records.record(call.spark, "VOLUME", name):
        if statement.if_not_exists:
            return frame(call, [])
        raise TakenError("volume", str(full), "say IF NOT EXISTS, or drop it first")
    folder = _folder(call, full)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if statement.location:
        target = Path(statement.location.removeprefix("dbfs:").removeprefix("file:"))
        if "://" in statement.location or not target.is_dir():
            raise InvalidInputError(f"The volume {full} needs a folder of this machine, found {statement.location!r}.")
        folder.symlink_to(target, target_is_directory=True)
    else:
        folder.mkdir(exist_ok=True)
    facts = {"comment": statement.comment, "location": statement.location, "folder": str(folder)}
    records.change(call.spark, "VOLUME", name, **{k: v for k, v in facts.items() if v})
    return frame(call, [])


def drop_volume(statement: DropVolume, call: Call) -> DataFrame:
    """Remove a volume's folder; one of this machine stays."""
    full = call.full(statement.name)
    name = str(full).lower()
    if not records.record(call.spark, "VOLUME", name):
        if statement.if_exists:
            return frame(call, [])
        raise NotFoundError(
            "volume", str(full), [str(volume) for volume in volumes_of(call, full.catalog, full.schema)]
        )
    folder = _folder(call, full)
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
    records.forget(call.spark, "VOLUME", name)
    return frame(call, [])


def show_volumes(statement: ShowVolumes, call: Call) -> DataFrame:
    """List the volumes of a schema."""
    catalog, schema = call.schema(statement.schema)
    found = volumes_of(call, catalog, schema)
    rows = [[volume.schema, volume.table] for volume in found if matches(volume.table, statement.pattern)]
    return frame(call, ["database", "volume_name"], rows)


def describe_volume(statement: DescribeVolume, call: Call) -> DataFrame:
    """Show what is kept of a volume."""
    full = call.full(statement.name)
    known = [str(volume).lower() for volume in volumes_of(call, full.catalog, full.schema)]
    if str(full).lower() not in known:
        raise NotFoundError("volume", str(full), known)
    kept = records.record(call.spark, "VOLUME", str(full).lower())
    columns = ["name", "catalog", "database", "owner", "storageLocation", "volumeType", "comment"]
    kind = "EXTERNAL" if kept.get("location") else "MANAGED"
    facts = [kept.get("owner", ""), kept["folder"], kind, kept.get("comment", "")]
    return frame(call, columns, [[full.table, full.catalog, full.schema, *facts]])


def _folder(call: Call, full: TableName) -> Path:
    home = lakehouse.settings_of(call.spark).home
    return home / "volumes" / full.catalog.lower() / full.schema.lower() / full.table.lower()
