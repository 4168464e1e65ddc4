"""What endpoints are described with, in the published client's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.lakehouse import InvalidInputError

__all__ = ["AutoCaptureConfig", "EndpointCoreConfig", "FeatureServingEndpoint", "ServedEntity"]


@dataclass(frozen=True, kw_only=True)
class ServedEntity:
    """A feature spec to serve. Size, scaling and profile are a workspace's, and are kept and not used here."""

    feature_spec_name: str
    name: str = ""
    workload_size: str = "Small"
    scale_to_zero_enabled: bool = True
    instance_profile_arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class AutoCaptureConfig:
    """Where requests and answers are logged: the table ``<catalog>.<schema>.<prefix>_payload``."""

    catalog_name: str
    schema_name: str
    table_name_prefix: str
    enabled: bool = True


class EndpointCoreConfig:
    """What an endpoint serves: one entity, also as a list of one, or under its older name `servables`."""

    def __init__(
        self,
        servables: ServedEntity | Sequence[ServedEntity] | None = None,
        *,
        served_entities: ServedEntity | Sequence[ServedEntity] | None = None,
        auto_capture_config: AutoCaptureConfig | None = None,
    ) -> None:
        given = served_entities if served_entities is not None else servables
        found = [given] if isinstance(given, ServedEntity) else list(given or ())
        if len(found) != 1 or not isinstance(found[0], ServedEntity):
            raise InvalidInputError(f"EndpointCoreConfig takes one ServedEntity as served_entities, found {given!r}.")
        self.entity, self.served_entities, self.auto_capture_config = found[0], found[0], auto_capture_config


@dataclass(frozen=True)
class FeatureServingEndpoint:
    """An endpoint: creation time in milliseconds since 1970 UTC, state ``READY``."""

    name: str
    creator: str
    creation_time_millis: int
    state: str
