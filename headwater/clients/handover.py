"""On a Databricks runtime the published clients stand in for ours."""

from __future__ import annotations

import importlib
from typing import Any

from headwater import lakehouse

__all__ = ["real_client"]


def real_client(package: str, name: str, **arguments: Any) -> Any | None:
    """Return the published client of a package, made with these arguments, on a Databricks runtime; None elsewhere."""
    if not lakehouse.on_databricks():
        return None
    return getattr(importlib.import_module(package), name)(**arguments)
