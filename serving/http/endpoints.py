"""Endpoints by name: what each serves, kept as a file each in the store, so that every server of the store answers them."""

from __future__ import annotations

import getpass
import json
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from headwater import lakehouse
from headwater.lakehouse import HeadwaterError, InvalidInputError, Settings

__all__ = [
    "Endpoint",
    "EndpointExistsError",
    "EndpointNotFoundError",
    "create_endpoint",
    "delete_endpoint",
    "get_endpoint",
    "list_endpoints",
    "update_endpoint",
]

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Endpoint:
    """What an endpoint serves.

    Attributes
    ----------
    model
        ``models:/name@alias`` (followed as the alias moves) or ``models:/name/version``; empty for a feature spec.
    feature_spec
        Full name of a feature spec of the catalog; empty for a model.
    shadow
        A second model that gets the same requests; its answers are logged and not sent.
    environment
        Variables of the served entity; ``ENABLE_FEATURE_TRACING=true`` keeps the looked-up values with each request.
    payload_table
        Full name of the inference table of requests and answers; empty: they are not logged.
    sampling_fraction
        Share of the requests that are logged, 0 to 1.
    creator, created
        User name; milliseconds since 1970 UTC.
    """

    name: str
    model: str = ""
    feature_spec: str = ""
    shadow: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    payload_table: str = ""
    sampling_fraction: float = 1.0
    creator: str = ""
    created: int = 0

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInputError(
                f"{self.name!r} is not an endpoint's name: write it with at most 63 letters, digits, dots, hyphens and "
                "underscores."
            )
        if bool(self.model) == bool(self.feature_spec):
            raise InvalidInputError(f"The endpoint {self.name} must serve either a model or a feature spec.")
        for uri in (self.model, self.shadow):
            if uri and not uri.startswith("models:/"):
                raise InvalidInputError(
                    f"{uri!r} is not a registered model: write models:/name@alias or models:/name/version."
                )
        if not 0 <= self.sampling_fraction <= 1:
            raise InvalidInputError(f"sampling_fraction={self.sampling_fraction} is not possible: 0 to 1.")

    @property
    def traces_features(self) -> bool:
        """Whether looked-up values are kept with each request."""
        return self.environment.get("ENABLE_FEATURE_TRACING", "").lower() == "true"


class EndpointNotFoundError(HeadwaterError):
    """There is no endpoint of this name."""

    def __init__(self, name: str, names: list[str]) -> None:
        super().__init__(name, names)
        self.name, self.names = name, names

    def __str__(self) -> str:
        return f"There is no endpoint {self.name!r}. {lakehouse.known(self.name, self.names)}"


class EndpointExistsError(InvalidInputError):
    """There is an endpoint of this name already."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"The endpoint {self.name!r} exists already: choose another name, update it, or delete it first."


def create_endpoint(settings: Settings, endpoint: Endpoint) -> Endpoint:
    """Keep an endpoint; servers of the store that run answer it within seconds.

    Raises
    ------
    EndpointExistsError
        There is one of this name already.
    """
    made = replace(endpoint, creator=endpoint.creator or getpass.getuser(), created=int(time.time() * 1000))
    with lakehouse.store_lock(settings.home, "endpoints"):
        if _file(settings, made.name).exists():
            raise EndpointExistsError(made.name)
        _keep(settings, made)
    return made


def get_endpoint(settings: Settings, name: str) -> Endpoint:
    """Return an endpoint.

    Raises
    ------
    EndpointNotFoundError
        There is none of this name.
    """
    try:
        return Endpoint(**json.loads(_file(settings, name).read_text()))
    except (FileNotFoundError, NotADirectoryError, OSError) as error:
        raise EndpointNotFoundError(name, [one.name for one in list_endpoints(settings)]) from error


def list_endpoints(settings: Settings) -> list[Endpoint]:
    """Return all endpoints, by name."""
    files = sorted((settings.home / "endpoints").glob("*.json"))
    return [Endpoint(**json.loads(file.read_text())) for file in files]


def update_endpoint(settings: Settings, name: str, **changes: Any) -> Endpoint:
    """Change what an endpoint serves; what is not named stays. Servers answer as before until the new is loaded."""
    with lakehouse.store_lock(settings.home, "endpoints"):
        changed = replace(get_endpoint(settings, name), **changes)
        _keep(settings, changed)
    return changed


def delete_endpoint(settings: Settings, name: str) -> None:
    """Remove an endpoint; its inference table stays."""
    get_endpoint(settings, name)
    _file(settings, name).unlink(missing_ok=True)


def _keep(settings: Settings, endpoint: Endpoint) -> None:
    lakehouse.write_json(_file(settings, endpoint.name), asdict(endpoint))


def _file(settings: Settings, name: str) -> Path:
    return settings.home / "endpoints" / f"{name if _NAME.fullmatch(name) else '-'}.json"
