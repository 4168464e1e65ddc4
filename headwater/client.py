"""The Feature Engineering client: the same calls as on Databricks, on any Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import features as engine
import lakehouse
from headwater.session import session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from features import (
        AggregationFunction,
        DataSource,
        Feature,
        FeatureFunction,
        FeatureLookup,
        FeatureTable,
        RowTransformation,
        TrainingSet,
    )
    from training.packaging import LoggedModel

__all__ = ["FeatureEngineeringClient"]


class FeatureEngineeringClient:
    """Feature tables, training sets, models with their features, and batch scores.

    ``FeatureEngineeringClient()`` is enough to start: where no Spark session is active it makes the embedded one, on the
    folder ``.headwater/``. On a Databricks runtime it is the real client. All arguments are keywords.

    Examples
    --------
    >>> client = FeatureEngineeringClient()
    >>> df = spark.createDataFrame([(1, 10.0), (2, 20.0)], "id long, amount double")
    >>> client.create_table(name="default.doc_amounts", primary_keys="id", df=df).features
    ('amount',)
    >>> client.read_table(name="default.doc_amounts").count()
    2
    >>> client.drop_table(name="default.doc_amounts")
    """

    def __new__(cls) -> Any:
        """Return the real client on a Databricks runtime, ours elsewhere."""
        if lakehouse.on_databricks():
            from databricks.feature_engineering import FeatureEngineeringClient as RealClient

            return RealClient()
        return super().__new__(cls)

    def __init__(self) -> None:
        self._spark = session()
        if lakehouse.is_embedded(self._spark):
            from training import use_store

            use_store(lakehouse.settings_of(self._spark))

    def create_table(
        self,
        *,
        name: str,
        primary_keys: str | Sequence[str],
        df: DataFrame | None = None,
        timeseries_column: str | Sequence[str] | None = None,
        partition_columns: str | Sequence[str] | None = None,
        schema: StructType | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> FeatureTable:
        """Create a feature table; see :func:`features.create_feature_table`."""
        return engine.create_feature_table(
            self._spark, name, primary_keys, df, timeseries_column, partition_columns, schema, description, tags
        )

    def write_table(self, *, name: str, df: DataFrame, mode: str = "merge") -> None:
        """Upsert rows; see :func:`features.write_feature_table`."""
        engine.write_feature_table(df, name, mode)

    def read_table(self, *, name: str) -> DataFrame:
        """Return the rows of a feature table, lazily."""
        return lakehouse.read_table(self._spark, engine.get_feature_table(self._spark, name).name)

    def get_table(self, *, name: str) -> FeatureTable:
        """Return what is known of a feature table; see :func:`features.get_feature_table`."""
        return engine.get_feature_table(self._spark, name)

    def drop_table(self, *, name: str) -> None:
        """Remove a feature table and its files."""
        lakehouse.drop_table(self._spark, engine.get_feature_table(self._spark, name).name)

    def set_feature_table_tag(self, *, name: str, key: str, value: str) -> None:
        """Set a tag; an older value is replaced."""
        engine.set_tag(self._spark, name, key, value)

    def delete_feature_table_tag(self, *, name: str, key: str) -> None:
        """Remove a tag."""
        engine.delete_tag(self._spark, name, key)

    def create_training_set(
        self,
        *,
        df: DataFrame,
        feature_lookups: Sequence[FeatureLookup | FeatureFunction] | None = None,
        features: Sequence[Feature] | None = None,
        label: str | Sequence[str] | None,
        exclude_columns: str | Sequence[str] | None = None,
    ) -> TrainingSet:
        """Return a training set, of lookups or of declared features.

        See :func:`features.create_training_set` and :func:`features.create_declared_training_set`.
        """
        given = {"feature_lookups": feature_lookups, "features": features}
        known = [name for name, value in given.items() if value is not None]
        if len(known) != 1:
            raise lakehouse.InvalidInputError(
                f"create_training_set takes exactly one of {', '.join(given)}, found {' and '.join(known) or 'none'}."
            )
        if features is not None:
            return engine.create_declared_training_set(df, features, label, exclude_columns)
        return engine.create_training_set(df, feature_lookups or (), label, exclude_columns)

    def log_model(
        self,
        *,
        model: Any,
        artifact_path: str,
        flavor: ModuleType,
        training_set: TrainingSet | None = None,
        registered_model_name: str | None = None,
        infer_input_example: bool = False,
        extra_pip_requirements: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> LoggedModel:
        """Log a model with its feature spec; see :func:`training.log_model`."""
        from training import log_model

        return log_model(
            model=model,
            artifact_path=artifact_path,
            flavor=flavor,
            training_set=training_set,
            registered_model_name=registered_model_name,
            infer_input_example=infer_input_example,
            extra_pip_requirements=extra_pip_requirements,
            **kwargs,
        )

    def score_batch(
        self, *, model_uri: str, df: DataFrame, result_type: str = "double", params: dict[str, Any] | None = None
    ) -> DataFrame:
        """Return `df` with features and predictions; see :func:`serving.score_batch`."""
        from serving import score_batch

        return score_batch(model_uri, df, result_type, params)

    def create_feature(
        self,
        *,
        source: DataSource,
        function: AggregationFunction | RowTransformation,
        catalog_name: str,
        schema_name: str,
        entity: str | Sequence[str] | None = None,
        timeseries_column: str | None = None,
        name: str | None = None,
        description: str | None = None,
    ) -> Feature:
        """Declare a feature and keep it in a schema; see :class:`features.Feature`, :func:`features.register_feature`."""
        made = engine.Feature(
            source=source,
            function=function,
            entity=entity,
            timeseries_column=timeseries_column,
            name=name,
            description=description,
        )
        return engine.register_feature(self._spark, made, catalog_name, schema_name)

    def register_feature(
        self, *, feature: Feature, catalog_name: str | None = None, schema_name: str | None = None
    ) -> Feature:
        """Keep a declared feature in a schema; see :func:`features.register_feature`."""
        return engine.register_feature(self._spark, feature, catalog_name, schema_name)

    def get_feature(self, *, full_name: str) -> Feature:
        """Return a declared feature of the catalog; see :func:`features.get_feature`."""
        return engine.get_feature(self._spark, full_name)

    def list_features(self, *, catalog_name: str, schema_name: str, max_results: int = 100) -> list[Feature]:
        """Return a schema's declared features, by name."""
        return engine.list_features(self._spark, catalog_name, schema_name, max_results)

    def delete_feature(self, *, full_name: str) -> None:
        """Remove a declared feature from the catalog; what was made with it stays."""
        engine.delete_feature(self._spark, full_name)

    def compute_features(self, *, features: Sequence[Feature]) -> DataFrame:
        """Return declared features at every time at which their sources have a row; see :func:`features.compute_features`."""
        return engine.compute_features(self._spark, features)
