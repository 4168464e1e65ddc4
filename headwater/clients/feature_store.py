"""The older client, ``FeatureStoreClient``: the same engine with its own argument names, also by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from headwater import features as engine
from headwater.clients.feature_engineering import FeatureEngineeringClient
from headwater.clients.handover import real_client
from headwater.clients.online_calls import EVERY_FIVE_MINUTES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery
    from pyspark.sql.types import DataType, StructType

    from headwater.clients.serving_entities import EndpointCoreConfig, FeatureServingEndpoint
    from headwater.features import FeatureFunction, FeatureLookup, FeatureSpecInfo, FeatureTable, TrainingSet
    from headwater.serving.online.continuous import PublishedTable
    from headwater.training.registry.packaging import LoggedModel

__all__ = ["FeatureStoreClient"]

_SOURCES = "data_sources"


class FeatureStoreClient:
    """Feature tables, training sets, models with their features, and batch scores, as older code calls for them.

    On a Databricks runtime it is the real client. `feature_store_uri` names another workspace's store there; here there is
    one.

    Examples
    --------
    >>> fs = FeatureStoreClient()
    >>> df = spark.createDataFrame([(1, 10.0), (2, 20.0)], "id long, amount double")
    >>> fs.create_table("default.doc_legacy", ["id"], df).primary_keys
    ('id',)
    >>> fs.write_table("default.doc_legacy", df.limit(1), mode="overwrite")
    >>> fs.read_table("default.doc_legacy").count()
    1
    >>> fs.drop_table("default.doc_legacy")
    """

    def __new__(cls, feature_store_uri: str | None = None, model_registry_uri: str | None = None) -> Any:
        """Return the real client on a Databricks runtime, ours elsewhere."""
        uris = {"feature_store_uri": feature_store_uri, "model_registry_uri": model_registry_uri}
        real = real_client("databricks.feature_store", cls.__name__, **uris)
        return super().__new__(cls) if real is None else real

    def __init__(self, feature_store_uri: str | None = None, model_registry_uri: str | None = None) -> None:
        del feature_store_uri
        self._client = FeatureEngineeringClient(model_registry_uri=model_registry_uri)
        self._spark = self._client._spark  # noqa: SLF001 - one session for both

    def create_table(
        self,
        name: str,
        primary_keys: str | Sequence[str],
        df: DataFrame | None = None,
        *,
        timestamp_keys: str | Sequence[str] | None = None,
        partition_columns: str | Sequence[str] | None = None,
        schema: StructType | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> FeatureTable:
        """Create a feature table. The time keys need not be among the primary keys here: they are added to them."""
        keys, times = _names(primary_keys), _names(timestamp_keys)
        return self._client.create_table(
            name=name,
            primary_keys=[*keys, *(time for time in times if time not in keys)],
            df=df,
            timeseries_column=times or None,
            partition_columns=partition_columns,
            schema=schema,
            description=description,
            tags=tags,
            **kwargs,
        )

    def create_feature_table(
        self,
        name: str,
        keys: str | Sequence[str],
        features_df: DataFrame | None = None,
        schema: StructType | None = None,
        partition_columns: str | Sequence[str] | None = None,
        description: str | None = None,
        timestamp_keys: str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> FeatureTable:
        """Create a feature table: :meth:`create_table` by its first name."""
        return self.create_table(
            name,
            keys,
            features_df,
            timestamp_keys=timestamp_keys,
            partition_columns=partition_columns,
            schema=schema,
            description=description,
            **kwargs,
        )

    def register_table(
        self,
        *,
        delta_table: str,
        primary_keys: str | Sequence[str],
        timestamp_keys: str | Sequence[str] | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> FeatureTable:
        """Make a Delta table that is there a feature table; see :func:`features.declare_feature_table`."""
        keys, times = _names(primary_keys), _names(timestamp_keys)
        every = [*keys, *(time for time in times if time not in keys)]
        return engine.declare_feature_table(self._spark, delta_table, every, times, description, tags)

    def get_table(self, name: str) -> FeatureTable:
        """Return what is known of a feature table."""
        return self._client.get_table(name=name)

    def get_feature_table(self, name: str) -> FeatureTable:
        """Return what is known of a feature table: :meth:`get_table` by its first name."""
        return self._client.get_table(name=name)

    def drop_table(self, name: str) -> None:
        """Remove a feature table and its files."""
        self._client.drop_table(name=name)

    def publish_table(
        self,
        name: str,
        online_store: Any,
        *,
        filter_condition: str | None = None,
        mode: str = "merge",
        streaming: bool = False,
        checkpoint_location: str | None = None,
        trigger: Mapping[str, Any] = EVERY_FIVE_MINUTES,
        features: str | Sequence[str] | None = None,
    ) -> PublishedTable:
        """Publish a feature table as a whole, or its changes by a stream; the online table has the feature table's name.

        See :meth:`headwater.FeatureEngineeringClient.publish_table`; specs of other vendors' stores are not taken.
        """
        return self._client.publish_table(
            online_store=online_store,
            source_table_name=name,
            online_table_name=name,
            publish_mode="SNAPSHOT",
            filter_condition=filter_condition,
            mode=mode,
            streaming=streaming,
            checkpoint_location=checkpoint_location,
            trigger=trigger,
            features=features,
        )

    def drop_online_table(self, name: str, online_store: Any) -> None:
        """Remove an online table."""
        self._client.drop_online_table(name, online_store)

    def create_feature_serving_endpoint(
        self, *, name: str | None = None, config: EndpointCoreConfig | None = None
    ) -> FeatureServingEndpoint:
        """Create an endpoint of a feature spec, as ``FeatureEngineeringClient`` does."""
        return self._client.create_feature_serving_endpoint(name=name, config=config)

    def get_feature_serving_endpoint(self, *, name: str | None = None, **kwargs: Any) -> FeatureServingEndpoint:
        """Return an endpoint."""
        return self._client.get_feature_serving_endpoint(name=name, **kwargs)

    def delete_feature_serving_endpoint(self, *, name: str | None = None, **kwargs: Any) -> None:
        """Remove an endpoint."""
        self._client.delete_feature_serving_endpoint(name=name, **kwargs)

    def read_table(self, name: str, **kwargs: Any) -> DataFrame:
        """Return the rows of a feature table, lazily; ``as_of_delta_timestamp`` (UTC) for how they were."""
        return self._client.read_table(name=name, **kwargs)

    def write_table(
        self,
        name: str,
        df: DataFrame,
        mode: str = "merge",
        checkpoint_location: str | None = None,
        trigger: Mapping[str, Any] = MappingProxyType({"processingTime": "5 seconds"}),
    ) -> StreamingQuery | None:
        """Upsert rows, or with ``mode="overwrite"`` replace them all; a stream can be merged only."""
        if mode == "overwrite":
            engine.overwrite_feature_table(df, name)
            return None
        return self._client.write_table(
            name=name, df=df, mode=mode, checkpoint_location=checkpoint_location, trigger=trigger
        )

    def add_data_sources(
        self, *, feature_table_name: str, source_names: str | Sequence[str], source_type: str = "custom"
    ) -> None:
        """Note where a feature table's rows come from, in its tag ``data_sources``."""
        wanted = [f"{source_type}:{name}" for name in _names(source_names)]
        self._note_sources(feature_table_name, [*self._sources(feature_table_name), *wanted])

    def delete_data_sources(self, *, feature_table_name: str, source_names: str | Sequence[str]) -> None:
        """Forget sources of a feature table, whatever their type; those that were not noted are passed over."""
        gone = set(_names(source_names))
        kept = [source for source in self._sources(feature_table_name) if source.partition(":")[2] not in gone]
        self._note_sources(feature_table_name, kept)

    def create_training_set(
        self,
        df: DataFrame,
        feature_lookups: Sequence[FeatureLookup | FeatureFunction],
        label: str | Sequence[str] | None,
        exclude_columns: str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> TrainingSet:
        """Return a training set."""
        return self._client.create_training_set(
            df=df, feature_lookups=feature_lookups, label=label, exclude_columns=exclude_columns, **kwargs
        )

    def log_model(
        self,
        model: Any,
        artifact_path: str,
        *,
        flavor: ModuleType,
        training_set: TrainingSet | None = None,
        registered_model_name: str | None = None,
        await_registration_for: int | None = 300,
        infer_input_example: bool = False,
        extra_pip_requirements: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> LoggedModel:
        """Log a model with its feature spec."""
        return self._client.log_model(
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

    def score_batch(self, model_uri: str, df: DataFrame, result_type: str | DataType = "double") -> DataFrame:
        """Return `df` with features and predictions."""
        return self._client.score_batch(model_uri=model_uri, df=df, result_type=result_type)

    def set_feature_table_tag(self, *, table_name: str, key: str, value: str) -> None:
        """Set a tag; an older value is replaced."""
        self._client.set_feature_table_tag(name=table_name, key=key, value=value)

    def delete_feature_table_tag(self, *, table_name: str, key: str) -> None:
        """Remove a tag."""
        self._client.delete_feature_table_tag(name=table_name, key=key)

    def create_feature_spec(
        self,
        *,
        name: str,
        features: Sequence[FeatureLookup | FeatureFunction],
        exclude_columns: str | Sequence[str] | None = None,
        extra_pip_requirements: Sequence[str] | None = None,
    ) -> FeatureSpecInfo:
        """Keep a feature spec in the catalog."""
        return self._client.create_feature_spec(
            name=name,
            features=features,
            exclude_columns=exclude_columns,
            extra_pip_requirements=extra_pip_requirements,
        )

    def delete_feature_spec(self, *, name: str) -> None:
        """Remove a feature spec from the catalog."""
        self._client.delete_feature_spec(name=name)

    def _sources(self, table: str) -> list[str]:
        noted = self._client.get_table(name=table).tags.get(_SOURCES, "")
        return [source for source in noted.split(",") if source]

    def _note_sources(self, table: str, sources: Sequence[str]) -> None:
        self._client.set_feature_table_tag(name=table, key=_SOURCES, value=",".join(dict.fromkeys(sources)))


def _names(value: str | Sequence[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
