"""Moves a feature table's declarations to a copy of it, as from a workspace's store to Unity Catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headwater import features as engine
from headwater import lakehouse
from headwater.clients.handover import real_client
from headwater.sql_session import session

if TYPE_CHECKING:
    from headwater.features import FeatureTable

__all__ = ["UpgradeClient"]


class UpgradeClient:
    """Gives a table of the catalog the keys, tags and description of an older feature table with the same columns."""

    def __new__(cls, *, feature_store_uri: str | None = None, model_registry_uri: str | None = None) -> Any:
        """Return the real client on a Databricks runtime, ours elsewhere."""
        uris = {"feature_store_uri": feature_store_uri, "model_registry_uri": model_registry_uri}
        real = real_client("databricks.feature_engineering", cls.__name__, **uris)
        return super().__new__(cls) if real is None else real

    def __init__(self, *, feature_store_uri: str | None = None, model_registry_uri: str | None = None) -> None:
        del feature_store_uri, model_registry_uri
        self._spark = session()

    def upgrade_workspace_table(
        self, *, source_workspace_table: str, target_uc_table: str, overwrite: bool = False
    ) -> FeatureTable:
        """Declare the source's primary keys, time key, tags and description on the target, whose rows stay as they are.

        Raises
        ------
        InvalidInputError
            The target lacks one of the source's columns, or it is a feature table already and `overwrite` is not set.
        """
        source = engine.get_feature_table(self._spark, source_workspace_table)
        target = lakehouse.resolve(self._spark, target_uc_table)
        there = self._spark.table(target.quoted).schema
        missing = [name for name in source.schema.names if name not in there.names]
        if missing:
            raise lakehouse.MissingColumnsError(missing, str(target), there.names, f"columns of {source.name}")
        known, _ = engine.declared_key(lakehouse.table_properties(self._spark, str(target)))
        if known and not overwrite:
            raise lakehouse.InvalidInputError(
                f"{target} is a feature table already, with the keys {', '.join(known)}: give overwrite=True to replace them."
            )
        return engine.declare_feature_table(
            self._spark, str(target), source.primary_keys, source.timestamp_keys, source.description, source.tags
        )
