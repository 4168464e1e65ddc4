"""Which catalogs, schemas, volumes and other things there are, and the error if there is none of a name."""

from __future__ import annotations

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, TableName, quoted
from headwater.sql import records
from headwater.sql.call import Call
from headwater.sql.errors import NotFoundError
from headwater.sql.statement import Securable

__all__ = [
    "catalog_names",
    "default_catalog",
    "keep_view",
    "key_of",
    "require_catalog",
    "require_schema",
    "schema_key",
    "tags_row",
    "volumes_of",
]


def default_catalog(call: Call) -> str:
    """Return the catalog with which the session was started."""
    return str(call.spark.sparkContext.getConf().get("spark.headwater.catalog", "main"))


def catalog_names(call: Call) -> list[str]:
    """Return the names of the catalogs: those that have a folder, those kept, those that the session has used."""
    loaded = {row[0] for row in call.run("SHOW CATALOGS").collect()} - {"spark_catalog"}
    stored = lakehouse.catalogs(lakehouse.settings_of(call.spark).warehouse)
    return sorted({*loaded, *stored, default_catalog(call), *records.names(call.spark, "CATALOG")})


def require_catalog(call: Call, name: str) -> None:
    """Refuse a catalog that is not there."""
    if name.lower() != "spark_catalog" and name.lower() not in {each.lower() for each in catalog_names(call)}:
        raise NotFoundError("catalog", name, catalog_names(call), f"Make it with CREATE CATALOG {name}.")
    lakehouse.add_catalog(call.spark, name)


def schema_key(catalog: str, schema: str) -> str:
    """Return the name under which a schema's record is kept: without its catalog for ``main``."""
    return schema.lower() if lakehouse.is_main(catalog) else f"{catalog}.{schema}".lower()


def require_schema(call: Call, catalog: str, schema: str) -> None:
    """Refuse a schema that is not there."""
    require_catalog(call, catalog)
    names = [row[0] for row in call.run(f"SHOW SCHEMAS IN {quoted(catalog)}").collect()]
    if schema.lower() not in names:
        raise NotFoundError("schema", f"{catalog}.{schema}", names, f"Make it with CREATE SCHEMA {catalog}.{schema}.")


def volumes_of(call: Call, catalog: str, schema: str) -> list[TableName]:
    """Return the volumes of a schema."""
    names = [name.split(".", 2) for name in records.names(call.spark, "VOLUME")]
    return [TableName(c, s, v) for c, s, v in names if (c, s) == (catalog.lower(), schema.lower())]


def keep_view(call: Call, full: TableName) -> None:
    """Keep what has become of a view."""
    lakehouse.keep_view(call.spark, call.folder(full), full.table)


def key_of(call: Call, on: Securable) -> str:
    """Return the name under which a thing's record is kept, after a look whether the thing is there."""
    if on.kind == "METASTORE":
        return "metastore"
    if on.kind == "CATALOG":
        require_catalog(call, ".".join(on.name))
        return ".".join(on.name)
    if on.kind == "SCHEMA":
        catalog, schema = call.schema(on.name)
        require_schema(call, catalog, schema)
        return schema_key(catalog, schema)
    full = call.full(on.name)
    if on.kind in {"TABLE", "VIEW", "COLUMN"}:
        return str(lakehouse.resolve(call.spark, full.quoted))
    if on.kind == "VOLUME" and not records.record(call.spark, "VOLUME", str(full).lower()):
        raise InvalidInputError(f"There is no volume {full}. Make it with CREATE VOLUME {full}.")
    return str(full).lower()


def tags_row(kept: dict[str, dict[str, str]], *, extended: bool) -> list[list[str]]:
    """Return the row that DESCRIBE … EXTENDED shows of tags; none without tags."""
    tags = kept.get("tags", {})
    return [["Tags", ", ".join(f"{key}={value}" for key, value in tags.items())]] if tags and extended else []
