"""SQL as people write it on Databricks, on an embedded session."""

from headwater.sql.errors import NotFoundError, SqlSyntaxError, TakenError
from headwater.sql.install import install, uninstall
from headwater.sql.parse import parse

__all__ = ["NotFoundError", "SqlSyntaxError", "TakenError", "install", "parse", "uninstall"]
