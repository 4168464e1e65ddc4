"""The client's calls about online stores and endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.clients.serving_entities import EndpointCoreConfig, FeatureServingEndpoint
    from headwater.serving.online.continuous import PublishedTable
    from headwater.serving.online.stores import DatabricksOnlineStore

__all__ = ["EVERY_FIVE_MINUTES", "UNSET", "OnlineCalls"]


class _Unset(str):
    """Stands for an argument that is not given, where None means something."""

    __slots__ = ()


UNSET = _Unset("UNSET")
EVERY_FIVE_MINUTES = MappingProxyType({"processingTime": "5 minutes"})


class OnlineCalls:
    """Online stores, published tables and endpoints of this machine's store; `_spark` is the session."""

    _spark: SparkSession

    def create_online_store(
        self, *, name: str, capacity: str, read_replica_count: int | None = None, usage_policy_id: str | None = None
    ) -> DatabricksOnlineStore:
        """Create an online store; see :func:`headwater.serving.online.stores.create_online_store`."""
        from headwater.serving.online.stores import create_online_store

        return create_online_store(self._settings, name, capacity, read_replica_count, usage_policy_id)

    def get_online_store(self, *, name: str) -> DatabricksOnlineStore | None:
        """Return an online store, or None if there is none of this name."""
        from headwater.serving.online.stores import get_online_store

        return get_online_store(self._settings, name)

    def list_online_stores(self) -> list[DatabricksOnlineStore]:
        """Return all online stores, by name."""
        from headwater.serving.online.stores import list_online_stores

        return list_online_stores(self._settings)

    def update_online_store(
        self,
        *,
        name: str,
        capacity: str = UNSET,
        read_replica_count: int | str | None = UNSET,
        usage_policy_id: str | None = UNSET,
    ) -> DatabricksOnlineStore:
        """Change what is named of an online store."""
        from headwater.serving.online.stores import update_online_store

        given = {"capacity": capacity, "read_replica_count": read_replica_count, "usage_policy_id": usage_policy_id}
        return update_online_store(self._settings, name, **{k: v for k, v in given.items() if v is not UNSET})

    def delete_online_store(self, *, name: str) -> None:
        """Remove an online store with all its tables; the feature tables stay."""
        from headwater.serving.online.stores import delete_online_store

        delete_online_store(self._settings, name)

    def publish_table(
        self,
        *,
        online_store: DatabricksOnlineStore | str,
        source_table_name: str | None = None,
        online_table_name: str | None = None,
        publish_mode: str = "TRIGGERED",
        filter_condition: str | None = None,
        mode: str = "merge",
        streaming: bool = False,
        checkpoint_location: str | None = None,
        trigger: Mapping[str, Any] = EVERY_FIVE_MINUTES,
        features: str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> PublishedTable:
        """Publish a feature table; see :func:`headwater.serving.online.publish.publish_table`.

        ``streaming=True`` is ``publish_mode="CONTINUOUS"``: a stream publishes changes until it is stopped, looking every five
        seconds unless `trigger` says otherwise. `ttl`, in seconds, is ours: older rows count as missing. Other further arguments
        are ignored.

        Raises
        ------
        InvalidInputError
            A name is missing; or an argument is given that these stores do not take (`filter_condition`,
            `checkpoint_location`, `features`, a `mode` other than merge).
        """
        from headwater.serving.online.continuous import PublishedTable, follow, refuse_options
        from headwater.serving.online.publish import publish_table

        refuse_options(filter_condition=filter_condition, checkpoint_location=checkpoint_location, features=features)
        refuse_options(mode=None if mode == "merge" else mode)
        source = source_table_name or kwargs.get("name")
        if not source or not online_table_name:
            raise InvalidInputError("publish_table needs source_table_name and online_table_name.")
        wanted = "CONTINUOUS" if streaming else publish_mode
        store, ttl = str(getattr(online_store, "name", online_store)), kwargs.get("ttl")
        done = publish_table(self._spark, store, source, online_table_name, wanted, ttl=ttl)
        query = None
        if wanted == "CONTINUOUS":
            seconds = 5.0 if trigger is EVERY_FIVE_MINUTES else _seconds(trigger)
            query = follow(self._spark, store, done.table.source, done.table.name, seconds=seconds, ttl=ttl)
        return PublishedTable(
            done.table.name, str(query.id) if query is not None else "", done.table.source, store, self._spark, query
        )

    def drop_online_table(self, name: str, online_store: DatabricksOnlineStore | str) -> None:
        """Remove an online table, and end the stream that publishes it."""
        from headwater.serving.online.publish import drop_online_table

        store = str(getattr(online_store, "name", online_store))
        full = str(lakehouse.complete(self._spark, name))
        for query in self._spark.streams.active:
            if query.name == f"publish {store} {full}":
                query.stop()
        drop_online_table(self._settings, store, full)

    def create_feature_serving_endpoint(
        self, *, name: str | None = None, config: EndpointCoreConfig | None = None, **kwargs: Any
    ) -> FeatureServingEndpoint:
        """Create an endpoint of a feature spec; a running ``headwater serve`` of this store answers it within seconds.

        Raises
        ------
        InvalidInputError
            Name or config is missing, there is no such feature spec, or there is such an endpoint already.
        """
        from headwater.clients.serving_entities import FeatureServingEndpoint
        from headwater.features import get_feature_spec
        from headwater.serving.http.endpoints import Endpoint, create_endpoint

        del kwargs
        if not name or config is None:
            raise InvalidInputError("create_feature_serving_endpoint needs name and config=EndpointCoreConfig(…).")
        spec = get_feature_spec(self._spark, config.entity.feature_spec_name).name
        capture = config.auto_capture_config
        table = ""
        if capture is not None and capture.enabled:
            table = f"{capture.catalog_name}.{capture.schema_name}.{capture.table_name_prefix}_payload"
        made = create_endpoint(self._settings, Endpoint(name, feature_spec=spec, payload_table=table))
        return FeatureServingEndpoint(made.name, made.creator, made.created, "READY")

    def get_feature_serving_endpoint(self, *, name: str | None = None, **kwargs: Any) -> FeatureServingEndpoint:
        """Return an endpoint.

        Raises
        ------
        EndpointNotFoundError
            There is none of this name.
        """
        from headwater.clients.serving_entities import FeatureServingEndpoint
        from headwater.serving.http.endpoints import get_endpoint

        del kwargs
        found = get_endpoint(self._settings, str(name))
        return FeatureServingEndpoint(found.name, found.creator, found.created, "READY")

    def delete_feature_serving_endpoint(self, *, name: str | None = None, **kwargs: Any) -> None:
        """Remove an endpoint; running servers answer it no more within seconds."""
        from headwater.serving.http.endpoints import delete_endpoint

        del kwargs
        delete_endpoint(self._settings, str(name))

    def _online_stores_of(self, table: str) -> tuple[str, ...]:
        """Return the names of the online stores that have a feature table, the oldest publish first."""
        from headwater.serving.online.stores import published_in

        return published_in(self._settings, table)

    @property
    def _settings(self) -> lakehouse.Settings:
        return lakehouse.settings_of(self._spark)


def _seconds(trigger: Mapping[str, Any]) -> float:
    """Return the seconds of a trigger such as ``{"processingTime": "10 seconds"}``."""
    text = str(trigger.get("processingTime", ""))
    amount, _, unit = text.partition(" ")
    units = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "millisecond": 0.001}
    try:
        return float(amount) * units[unit.strip().rstrip("s")]
    except (KeyError, ValueError) as error:
        raise InvalidInputError(
            f"trigger={dict(trigger)!r} is unknown: write {{'processingTime': '10 seconds'}}."
        ) from error
