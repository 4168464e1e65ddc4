"""``databricks.connect`` within a run: its sessions are the run's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["connect_names"]


class _Builder:
    def __init__(self, session: Callable[[], SparkSession]) -> None:
        self._session = session

    def getOrCreate(self) -> SparkSession:  # noqa: N802 - their word
        """Return the run's session."""
        return self._session()

    create = getOrCreate

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_args, **_options: self


def connect_names(session: Callable[[], SparkSession]) -> Mapping[str, Any]:
    """Return the module's names; a builder's settings of cluster, profile and host have no meaning here."""
    return {"DatabricksSession": type("DatabricksSession", (), {"builder": _Builder(session)})}
