"""The Feature Engineering client: the same calls as on Databricks, on any Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from headwater import features as engine
from headwater import lakehouse
from headwater.clients.handover import real_client
from headwater.clients.online_calls import OnlineCalls
from headwater.sql_session import session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery
    from pyspark.sql.types import DataType, StructType

    from headwater.features import (
        AggregationFunction,
        DataSource,
        Feature,
        FeatureFunction,
        FeatureLookup,
        FeatureSpecInfo,
        FeatureTable,
        RowTransformation,
        TrainingSet,
    )
    from headwater.training.registry.packaging import LoggedModel

__all__ = ["FeatureEngineeringClient"]


class FeatureEngineeringClient(OnlineCalls):
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

    def __new__(cls, *, model_registry_uri: str | None = None) -> Any:
        """Return the real client on a Databricks runtime, ours elsewhere."""
        real = real_client("databricks.feature_engineering", cls.__name__, model_registry_uri=model_registry_uri)
        return super().__new__(cls) if real is None else real

    def __init__(self, *, model_registry_uri: str | None = None) -> None:
        self._spark = session()
        if lakehouse.is_embedded(self._spark):
            from headwater.training import use_store

            use_store(lakehouse.settings_of(self._spark))
        if model_registry_uri is not None:
            import mlflow

            mlflow.set_registry_uri(model_registry_uri)

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
        **kwargs: Any,
    ) -> FeatureTable:
        """Create a feature table; see :func:`features.create_feature_table`.

        The time key may be given as ``timestamp_keys`` or ``timeseries_columns`` too; other further arguments are ignored.
        """
        times = [kwargs[word] for word in ("timeseries_columns", "timestamp_keys") if kwargs.get(word)]
        if timeseries_column is not None:
            times.append(timeseries_column)
        if len(times) > 1:
            raise lakehouse.InvalidInputError(f"The time key of {name} is given {len(times)} times: {times}.")
        return engine.create_feature_table(
            self._spark,
            name,
            primary_keys,
            df,
            times[0] if times else None,
            partition_columns,
            schema,
            description,
            tags,
        )

    def write_table(
        self,
        *,
        name: str,
        df: DataFrame,
        mode: str = "merge",
        checkpoint_location: str | None = None,
        trigger: Mapping[str, Any] = MappingProxyType({"processingTime": "5 seconds"}),
    ) -> StreamingQuery | None:
        """Upsert rows; a stream's in each micro-batch, by the query that is returned.

        See :func:`features.write_feature_table` and :func:`features.write_feature_stream`.
        """
        if getattr(df, "isStreaming", False) and mode == "merge":
            return engine.write_feature_stream(df, name, checkpoint_location, trigger)
        engine.write_feature_table(df, name, mode)
        return None

    def read_table(self, *, name: str, **kwargs: Any) -> DataFrame:
        """Return the rows of a feature table, lazily: as they are now, or as they were at ``as_of_delta_timestamp`` (UTC)."""
        full = engine.get_feature_table(self._spark, name).name
        return lakehouse.read_table(self._spark, full, timestamp=kwargs.get("as_of_delta_timestamp"))

    def get_table(self, *, name: str) -> FeatureTable:
        """Return what is known of a feature table, the online stores that have it too; see :func:`features.get_feature_table`."""
        found = engine.get_feature_table(self._spark, name)
        return replace(found, online_stores=self._online_stores_of(found.name))

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
        feature_spec: str | None = None,
        features: Sequence[Feature] | None = None,
        label: str | Sequence[str] | None,
        exclude_columns: str | Sequence[str] | None = None,
        use_spark_native_join: bool = False,
        use_timeseries_filtering: bool = False,
        **kwargs: Any,
    ) -> TrainingSet:
        """Return a training set: of lookups, of a feature spec of the catalog, or of declared features.

        See :func:`features.create_training_set`, :func:`features.create_training_set_of_spec` and
        :func:`features.create_declared_training_set`. The two switches never change the rows, and how they are made is chosen
        here without them; further arguments are ignored.
        """
        del use_spark_native_join, use_timeseries_filtering, kwargs
        given = {"feature_lookups": feature_lookups, "feature_spec": feature_spec, "features": features}
        known = [name for name, value in given.items() if value is not None]
        if len(known) != 1:
            raise lakehouse.InvalidInputError(
                f"create_training_set takes exactly one of {', '.join(given)}, found {' and '.join(known) or 'none'}."
            )
        if features is not None:
            return engine.create_declared_training_set(df, features, label, exclude_columns)
        if feature_spec is not None:
            return engine.create_training_set_of_spec(df, feature_spec, label, exclude_columns)
        return engine.create_training_set(df, feature_lookups or (), label, exclude_columns)

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

    def create_feature_spec(
        self,
        *,
        name: str,
        features: Sequence[FeatureLookup | FeatureFunction | Feature],
        exclude_columns: str | Sequence[str] | None = None,
        extra_pip_requirements: Sequence[str] | None = None,
    ) -> FeatureSpecInfo:
        """Keep a feature spec in the catalog; see :func:`features.create_feature_spec`.

        `extra_pip_requirements` is for the environment of an endpoint; here functions run in this one.
        """
        del extra_pip_requirements
        return engine.create_feature_spec(self._spark, name, features, exclude_columns)

    def feature_spec_from_batch_declarative_features(
        self, *, name: str, features: Sequence[Feature], exclude_columns: str | Sequence[str] | None = None
    ) -> FeatureSpecInfo:
        """Keep a feature spec of declared features in the catalog: :meth:`create_feature_spec` under an older name."""
        return engine.create_feature_spec(self._spark, name, features, exclude_columns)

    def update_feature_spec(self, *, name: str, owner: str) -> None:
        """Give a feature spec another owner."""
        engine.update_feature_spec(self._spark, name, owner)

    def delete_feature_spec(self, *, name: str) -> None:
        """Remove a feature spec from the catalog; models that were logged with it keep their own."""
        engine.delete_feature_spec(self._spark, name)

    def log_model(
        self,
        *,
        model: Any,
        artifact_path: str,
        flavor: ModuleType,
        training_set: TrainingSet | None = None,
        registered_model_name: str | None = None,
        await_registration_for: int | None = 300,
        infer_input_example: bool = False,
        extra_pip_requirements: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> LoggedModel:
        """Log a model with its feature spec; see :func:`training.log_model`."""
        from headwater.training import log_model

        return log_model(
            model=model,
            artifact_path=artifact_path,
            flavor=flavor,
            training_set=training_set,
            registered_model_name=registered_model_name,
            await_registration_for=await_registration_for,
            infer_input_example=infer_input_example,
            extra_pip_requirements=extra_pip_requirements,
            **kwargs,
        )

    def score_batch(
        self,
        *,
        model_uri: str,
        df: DataFrame,
        result_type: str | DataType = "double",
        env_manager: str = "local",
        params: dict[str, Any] | None = None,
        use_spark_native_join: bool = False,
        **kwargs: Any,
    ) -> DataFrame:
        """Return `df` with features and predictions; see :func:`serving.score_batch`.

        `use_spark_native_join` never changes the rows; further arguments are ignored.
        """
        del use_spark_native_join, kwargs
        from headwater.serving import score_batch

        return score_batch(model_uri, df, result_type, params, env_manager=env_manager)

    def build_model_env(self, model_uri: str, save_path: str) -> str:
        """Refuse: a packed environment is for Databricks' runtime alone."""
        raise lakehouse.WorkspaceOnlyError(
            f"build_model_env({model_uri!r}, {save_path!r})",
            "it packs an environment for Databricks' runtime",
            "Install what the model needs, mlflow.pyfunc.get_model_dependencies(model_uri) lists it, and score with "
            "env_manager='local'.",
        )

    def grant_feature_serving_access(
        self, *, grant_to: str, model_uri: str | None = None, feature_spec: str | None = None, dry_run: bool = False
    ) -> Any:
        """Refuse: who may read what is a workspace's to say."""
        raise lakehouse.WorkspaceOnlyError(
            f"grant_feature_serving_access(grant_to={grant_to!r}, model_uri={model_uri!r}, feature_spec={feature_spec!r}, "
            f"dry_run={dry_run})",
            "its identities and their rights are Unity Catalog's",
            "Run this call there; here every model and endpoint reads the tables of its own store, so leave it out.",
        )
