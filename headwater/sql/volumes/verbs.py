"""Volumes: folders of files, ``.headwater/volumes/<catalog>/<schema>/<volume>``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, TableName
from headwater.sql import records
from headwater.sql.call import Call, execute, frame
from headwater.sql.clauses import matches
from headwater.sql.errors import NotFoundError, TakenError
from headwater.sql.securables import require_catalog, require_schema, volumes_of
from headwater.sql.volumes.statements import CreateVolume, DropVolume, ShowVolumes

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__: list[str] = []


@execute.register(CreateVolume)
def _create(statement: CreateVolume, call: Call) -> DataFrame:
    full = call.full(statement.name)
    lakehouse.check_new_name(call.spark, "volume", full.schema, full.table)
    require_catalog(call, full.catalog)
    require_schema(call, full.schema)
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


@execute.register(DropVolume)
def _drop(statement: DropVolume, call: Call) -> DataFrame:
    full = call.full(statement.name)
    name = str(full).lower()
    if not records.record(call.spark, "VOLUME", name):
        if statement.if_exists:
            return frame(call, [])
        raise NotFoundError("volume", str(full), [str(volume) for volume in volumes_of(call, full.schema)])
    folder = _folder(call, full)
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
    records.forget(call.spark, "VOLUME", name)
    return frame(call, [])


@execute.register(ShowVolumes)
def _show(statement: ShowVolumes, call: Call) -> DataFrame:
    catalog, schema = call.schema(statement.schema)
    found = [volume for volume in volumes_of(call, schema) if volume.catalog == catalog.lower()]
    rows = [[volume.schema, volume.table] for volume in found if matches(volume.table, statement.pattern)]
    return frame(call, ["database", "volume_name"], rows)


def _folder(call: Call, full: TableName) -> Path:
    home = lakehouse.settings_of(call.spark).home
    return home / "volumes" / full.catalog.lower() / full.schema.lower() / full.table.lower()
