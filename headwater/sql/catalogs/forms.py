"""Statements on catalogs: how each begins, and what does it."""

from __future__ import annotations

from headwater.sql.catalogs import grammar, verbs
from headwater.sql.catalogs.statements import CreateCatalog, DescribeCatalog, DropCatalog, ShowCatalogs, UseCatalog
from headwater.sql.registry import Form

__all__ = ["FORMS"]

FORMS = (
    Form(
        ("CREATE CATALOG !",),
        grammar.create_catalog,
        {CreateCatalog: verbs.create_catalog},
        ("CREATE CATALOG IF NOT EXISTS c COMMENT 'x'",),
    ),
    Form(
        ("DROP CATALOG !",),
        grammar.drop_catalog,
        {DropCatalog: verbs.drop_catalog},
        ("DROP CATALOG IF EXISTS c CASCADE",),
    ),
    Form(
        ("USE CATALOG", "SET CATALOG"),
        grammar.use_catalog,
        {UseCatalog: verbs.use_catalog},
        ("USE CATALOG c", "SET CATALOG 'c'"),
    ),
    Form(("SHOW CATALOGS",), grammar.show_catalogs, {ShowCatalogs: verbs.show_catalogs}, ("SHOW CATALOGS LIKE 'x*'",)),
    Form(
        ("DESC|DESCRIBE CATALOG !",),
        grammar.describe_catalog,
        {DescribeCatalog: verbs.describe_catalog},
        ("DESCRIBE CATALOG EXTENDED c",),
    ),
)
