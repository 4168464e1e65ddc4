"""Which catalogs, schemas, volumes and other things there are, and the error if there is none of a name."""

from __future__ import annotations

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError, TableName
from headwater.sql import records
from headwater.sql.call import Call
from headwater.sql.errors import NotFoundError
from headwater.sql.statement import Securable

__all__ = [
    "catalog_names",
    "complete_with",
    "default_catalog",
    "keep_view",
    "key_of",
    "require_catalog",
    "require_schema",
    "schemas_catalogs",
    "tags_row",
    "volumes_of",
]


def default_catalog(call: Call) -> str:
    """Return the catalog with which the session was started."""
    return str(call.spark.sparkContext.getConf().get("spark.headwater.catalog", "main"))


def catalog_names(call: Call) -> list[str]:
    """Return the names of the catalogs: the session's own, those kept, those that code has named."""
    loaded = {row[0] for row in call.run("SHOW CATALOGS").collect()} - {"spark_catalog"}
    return sorted(loaded | {default_catalog(call)} | set(records.names(call.spark, "CATALOG")))


def require_catalog(call: Call, name: str) -> None:
    """Refuse a catalog that is not there."""
    if name.lower() != "spark_catalog" and name.lower() not in {each.lower() for each in catalog_names(call)}:
        raise NotFoundError("catalog", name, catalog_names(call), f"Make it with CREATE CATALOG {name}.")
    lakehouse.add_catalog(call.spark, name)


def schemas_catalogs(call: Call, schema: str) -> list[str]:
    """Return the catalogs under which a schema was made, the session's own left out."""
    return list(records.record(call.spark, "SCHEMA", schema).get("catalogs", []))


def complete_with(call: Call, catalog: str) -> None:
    """Let shorter names mean this catalog; Spark cannot say which one is used, as all answer to one name."""
    if catalog != "spark_catalog":
        call.spark.conf.set("spark.headwater.catalog", catalog)


def require_schema(call: Call, schema: str) -> None:
    """Refuse a schema that is not there."""
    names = [row[0] for row in call.run("SHOW SCHEMAS IN spark_catalog").collect()]
    if schema.lower() not in names:
        raise NotFoundError("schema", schema, names, f"Make it with CREATE SCHEMA {schema}.")


def volumes_of(call: Call, schema: str) -> list[TableName]:
    """Return the volumes of a schema, of every catalog's name for it."""
    names = [name.split(".", 2) for name in records.names(call.spark, "VOLUME")]
    return [TableName(c, s, v) for c, s, v in names if s == schema.lower()]


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
        _, schema = call.schema(on.name)
        require_schema(call, schema)
        return schema.lower()
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
