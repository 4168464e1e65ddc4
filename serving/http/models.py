"""The endpoints that a server answers, each with what it serves loaded; a thread looks for new versions and new endpoints."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headwater.features import FeatureSpec
from headwater.lakehouse import HeadwaterError, Settings
from headwater.serving.http.endpoints import Endpoint, list_endpoints
from headwater.serving.http.payload_log import PayloadLog
from headwater.serving.http.served import Served, ServedFeatures, load_model

if TYPE_CHECKING:
    from headwater.serving.http.metrics import Metrics

__all__ = ["Live", "Models"]


@dataclass(frozen=True)
class Live:
    """An endpoint that answers: what it serves, as which version, and where its requests are logged.

    `failure` says why the newest version or the newest setting did not load; the one before goes on answering.
    """

    endpoint: Endpoint
    served: Served | None
    version: str
    log: PayloadLog | None
    failure: str = ""
    shadow: Served | None = None
    shadow_version: str = ""


class Models:
    """Loads endpoints, and keeps them up to date.

    Parameters
    ----------
    feature_spec
        Gives the feature spec of a full name.
    only
        Names of the endpoints to answer; empty: all of the store.
    logged
        Whether requests are logged where the endpoint says so.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        feature_spec: Callable[[str], FeatureSpec],
        *,
        only: tuple[str, ...] = (),
        seconds: float = 5.0,
        logged: bool = True,
    ) -> None:
        self._settings, self._metrics, self._feature_spec = settings, metrics, feature_spec
        self._only, self._seconds, self._logged = only, seconds, logged
        self._live: dict[str, Live] = {}
        self._logs: dict[str, PayloadLog] = {}
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None

    def get(self, name: str) -> Live | None:
        """Return an endpoint by its name."""
        return self._live.get(name)

    def all(self) -> list[Live]:
        """Return all endpoints, by name."""
        return [self._live[name] for name in sorted(self._live)]

    def start(self) -> None:
        """Load all endpoints, then look for changes in a thread."""
        self.refresh()
        self._thread = threading.Thread(target=self._watch, name="endpoints", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, and move what is logged into the tables."""
        self._ends.set()
        if self._thread is not None:
            self._thread.join()
        for log in self._logs.values():
            log.close()

    def refresh(self) -> None:
        """Load what is new or changed; what does not load leaves what was there."""
        wanted = {one.name: one for one in list_endpoints(self._settings) if not self._only or one.name in self._only}
        for name in set(self._live) - set(wanted):
            self._live.pop(name)
        for name, endpoint in wanted.items():
            self._live[name] = self._refreshed(endpoint, self._live.get(name))

    def _watch(self) -> None:
        while not self._ends.wait(self._seconds):
            try:
                self.refresh()
            except Exception as error:  # noqa: BLE001 - the next look may succeed, and meanwhile the old answers
                print(f"headwater serve: endpoints could not be read ({type(error).__name__}: {error})", flush=True)

    def _refreshed(self, endpoint: Endpoint, before: Live | None) -> Live:
        log = self._log(endpoint)
        made = replace(before, endpoint=endpoint, log=log) if before is not None else Live(endpoint, None, "", log)
        served, version, failure = self._loaded(
            endpoint, endpoint.model, before, made.served, made.version, shadow=False
        )
        made = replace(made, served=served, version=version, failure=failure)
        if not endpoint.shadow:
            return replace(made, shadow=None, shadow_version="")
        shadow, version, _ = self._loaded(
            endpoint, endpoint.shadow, before, made.shadow, made.shadow_version, shadow=True
        )
        return replace(made, shadow=shadow, shadow_version=version)

    def _loaded(
        self, endpoint: Endpoint, uri: str, before: Live | None, now: Served | None, version: str, *, shadow: bool
    ) -> tuple[Served | None, str, str]:
        """Return what serves, its version, and why a newer one does not."""
        changed = before is None or (before.endpoint.shadow if shadow else before.endpoint.model) != uri
        changed = changed or (
            not shadow and before is not None and before.endpoint.feature_spec != endpoint.feature_spec
        )
        try:
            if not uri:
                if now is not None and not changed:
                    return now, version, ""
                spec = self._feature_spec(endpoint.feature_spec)
                return ServedFeatures(endpoint.feature_spec, spec, self._settings), "1", ""
            name, newest = _meant(uri)
            if now is not None and not changed and newest == version:
                return now, version, ""
            made = load_model(f"{name}-{newest}", f"models:/{name}/{newest}", f"{name}/{newest}", self._settings)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new one, the old one goes on
            reason = str(error) if isinstance(error, HeadwaterError) else f"{type(error).__name__}: {error}"
            known = before.failure if before is not None else ""
            if not shadow and reason != known:
                print(
                    f"headwater serve: {endpoint.name} cannot serve {uri or endpoint.feature_spec}: {reason}",
                    flush=True,
                )
                self._metrics.bad_swaps.labels(endpoint.name).inc()
            return now, version, reason
        if now is not None:
            self._metrics.swaps.labels(endpoint.name).inc()
            print(f"headwater serve: {endpoint.name} answers with version {newest}, no longer {version}", flush=True)
        return made, newest, ""

    def _log(self, endpoint: Endpoint) -> PayloadLog | None:
        if not endpoint.payload_table or not self._logged:
            return None
        if endpoint.payload_table not in self._logs:
            self._logs[endpoint.payload_table] = PayloadLog(self._settings, endpoint.payload_table)
        return self._logs[endpoint.payload_table]


def _meant(uri: str) -> tuple[str, str]:
    """Return the name and the version that a model's address means now."""
    import mlflow

    address = uri.removeprefix("models:/")
    if "@" not in address:
        name, _, version = address.rpartition("/")
        return name, version
    name, _, alias = address.rpartition("@")
    return name, str(mlflow.MlflowClient().get_model_version_by_alias(name, alias).version)
