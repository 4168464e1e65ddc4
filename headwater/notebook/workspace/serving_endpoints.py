"""``WorkspaceClient().serving_endpoints`` and ``.feature_store`` within a run: endpoints and online tables of this store.

An endpoint is asked here and now, by the code that ``headwater serve`` runs, whether such a server runs or not.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from headwater.lakehouse import HeadwaterError, InvalidInputError, Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.serving.http.endpoints import Endpoint
    from headwater.serving.http.models import Live

__all__ = ["FeatureStore", "ServingEndpoints"]

_MOST_ROWS = 10_000


class ServingEndpoints:
    """The calls that notebooks make of endpoints; others raise AttributeError."""

    def __init__(self, settings: Settings, session: Callable[[], SparkSession]) -> None:
        self._settings, self._session = settings, session
        self._live: dict[str, Live] = {}

    def create(self, name: str, *, config: Any = None, **options: Any) -> Any:
        """Create an endpoint of a registered model or a feature spec.

        Tags, limits and notifications are a workspace's and left out.

        Returns
        -------
        Wait
            Its ``result()`` is the endpoint, which is ready at once.
        """
        from headwater.serving.http.endpoints import create_endpoint

        del options
        entities = list(config.served_entities or config.served_models or ()) if config is not None else []
        capture = getattr(config, "auto_capture_config", None)
        with _sdk_errors():
            create_endpoint(self._settings, self._endpoint(name, entities, capture))
            return _Wait(self.get(name))

    def create_and_wait(self, name: str, *, timeout: dt.timedelta | None = None, **options: Any) -> Any:
        """Create an endpoint, and return it."""
        del timeout
        return self.create(name, **options).result()

    def update_config(self, name: str, *, served_entities: Sequence[Any] | None = None, **options: Any) -> Any:
        """Let an endpoint serve something else."""
        from dataclasses import asdict

        from headwater.serving.http.endpoints import get_endpoint, update_endpoint

        entities = list(served_entities or options.get("served_models") or ())
        with _sdk_errors():
            before = get_endpoint(self._settings, name)
            wanted = asdict(self._endpoint(name, entities, options.get("auto_capture_config")))
            changed = {key: wanted[key] for key in ("model", "feature_spec", "environment")}
            if wanted["payload_table"]:
                changed["payload_table"] = wanted["payload_table"]
            update_endpoint(self._settings, before.name, **changed)
            return _Wait(self.get(name))

    def update_config_and_wait(self, name: str, *, timeout: dt.timedelta | None = None, **options: Any) -> Any:
        """Let an endpoint serve something else, and return it."""
        del timeout
        return self.update_config(name, **options).result()

    def wait_get_serving_endpoint_not_updating(self, name: str, timeout: Any = None, callback: Any = None) -> Any:
        """Return an endpoint: a change is done when its call returns."""
        del timeout, callback
        return self.get(name)

    def get(self, name: str) -> Any:
        """Return an endpoint; raises the SDK's ``ResourceDoesNotExist`` if there is none of this name."""
        from databricks.sdk.service.serving import ServingEndpointDetailed

        from headwater.serving.http.description import described

        with _sdk_errors():
            return ServingEndpointDetailed.from_dict(described(self._loaded(name)))

    def list(self) -> Iterator[Any]:
        """Yield all endpoints, by name."""
        from databricks.sdk.service.serving import ServingEndpoint

        from headwater.serving.http.description import described
        from headwater.serving.http.endpoints import list_endpoints

        for endpoint in list_endpoints(self._settings):
            yield ServingEndpoint.from_dict(described(self._loaded(endpoint.name)))

    def delete(self, name: str) -> None:
        """Remove an endpoint; raises the SDK's ``ResourceDoesNotExist`` if there is none of this name."""
        from headwater.serving.http.endpoints import delete_endpoint

        with _sdk_errors():
            delete_endpoint(self._settings, name)
        self._live.pop(name, None)

    def query(self, name: str, **request: Any) -> Any:
        """Ask an endpoint, with the arguments that the SDK has for it."""
        from databricks.sdk.service.serving import QueryEndpointResponse

        from headwater.serving.http.refusals import encode
        from headwater.serving.http.requests import parse_request

        forms = ("dataframe_records", "inputs", "instances", "client_request_id", "usage_context")
        body = {form: request[form] for form in forms if request.get(form) is not None}
        split = request.get("dataframe_split")
        if split is not None:
            body["dataframe_split"] = split if isinstance(split, Mapping) else split.as_dict()
        with _sdk_errors():
            served = self._loaded(name).served
            if served is None:
                raise HeadwaterError(f"The endpoint {name} has nothing to answer with: {self._loaded(name).failure}")
            answer = served.answer(parse_request(encode(body), _MOST_ROWS), traced=False)
        found = json.loads(encode(answer.body))
        response = QueryEndpointResponse.from_dict(found)
        response.served_model_name = served.name
        return response

    def _endpoint(self, name: str, entities: Sequence[Any], capture: Any) -> Endpoint:
        from headwater.serving.http.endpoints import Endpoint

        if len(entities) != 1:
            raise InvalidInputError(f"The endpoint {name} must serve one entity here, found {len(entities)}.")
        one = entities[0]
        entity = getattr(one, "entity_name", None) or getattr(one, "model_name", None) or ""
        version = getattr(one, "entity_version", None) or getattr(one, "model_version", None)
        table = ""
        if capture is not None and capture.enabled is not False:
            table = f"{capture.catalog_name}.{capture.schema_name}.{capture.table_name_prefix}_payload"
        about: dict[str, Any] = {"environment": dict(one.environment_vars or {}), "payload_table": table}
        if version is None and self._is_spec(entity):
            return Endpoint(name, feature_spec=entity, **about)
        return Endpoint(name, model=f"models:/{entity}/{version or self._newest(entity)}", **about)

    def _is_spec(self, name: str) -> bool:
        from headwater.features import get_feature_spec

        try:
            get_feature_spec(self._session(), name)
        except InvalidInputError:
            return False
        return True

    def _newest(self, model: str) -> str:
        import mlflow

        versions = mlflow.MlflowClient().search_model_versions(f"name = '{model}'")
        if not versions:
            raise InvalidInputError(f"There is no registered model and no feature spec {model}.")
        return str(max(int(version.version) for version in versions))

    def _loaded(self, name: str) -> Live:
        from headwater.features import get_feature_spec
        from headwater.serving.http.endpoints import get_endpoint
        from headwater.serving.http.metrics import Metrics
        from headwater.serving.http.models import Models

        endpoint = get_endpoint(self._settings, name)
        known = self._live.get(name)
        if known is None or known.endpoint != endpoint or known.served is None:
            spec = lambda full: get_feature_spec(self._session(), full).spec  # noqa: E731
            models = Models(self._settings, Metrics(), spec, only=(name,), logged=False)
            models.refresh()
            known = models.get(name)
            assert known is not None
            self._live[name] = known
        return known


class FeatureStore:
    """``WorkspaceClient().feature_store``: the online tables of this machine's store."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def delete_online_table(self, online_table_name: str) -> None:
        """Remove an online table from the store that has it; raises the SDK's ``ResourceDoesNotExist`` if none has."""
        from databricks.sdk.errors import ResourceDoesNotExist

        from headwater.serving.online.publish import drop_online_table
        from headwater.serving.online.stores import list_online_stores

        for store in list_online_stores(self._settings):
            try:
                drop_online_table(self._settings, store.name, online_table_name)
            except InvalidInputError:
                continue
            return
        raise ResourceDoesNotExist(f"There is no online table {online_table_name}.")


class _Wait:
    """What the SDK gives for a change that takes time; here it is done."""

    def __init__(self, endpoint: Any) -> None:
        self._endpoint = endpoint
        self.name, self.response = endpoint.name, endpoint

    def result(self, timeout: Any = None, callback: Any = None) -> Any:
        """Return the endpoint."""
        del timeout, callback
        return self._endpoint


@contextmanager
def _sdk_errors() -> Iterator[None]:
    """Raise our errors as those of the SDK, which notebooks catch."""
    from databricks.sdk import errors

    from headwater.serving.http.endpoints import EndpointExistsError, EndpointNotFoundError

    try:
        yield
    except EndpointNotFoundError as error:
        raise errors.ResourceDoesNotExist(str(error)) from error
    except EndpointExistsError as error:
        raise errors.ResourceAlreadyExists(str(error)) from error
    except InvalidInputError as error:
        raise errors.InvalidParameterValue(str(error)) from error
    except HeadwaterError as error:
        raise errors.TemporarilyUnavailable(str(error)) from error
