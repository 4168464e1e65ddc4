"""What a server says of its endpoints: in the form of Databricks' API, and as OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headwater.serving.http.media_types import MEDIA_TYPES
from headwater.serving.http.schemas import REFUSAL, answer_schema, request_schema

if TYPE_CHECKING:
    from headwater.serving.http.models import Live

__all__ = ["described", "openapi"]


def described(live: Live) -> dict[str, Any]:
    """Return an endpoint as ``GET /api/2.0/serving-endpoints/NAME`` gives it."""
    endpoint, ready = live.endpoint, live.served is not None
    name, version = (
        (live.served.entity, live.version) if live.served is not None else (endpoint.feature_spec or endpoint.model, "")
    )
    entity = {
        "name": live.served.name if live.served is not None else name,
        "entity_name": endpoint.feature_spec or name.rsplit("/", 1)[0],
        "entity_version": version,
        "workload_size": "Small",
        "scale_to_zero_enabled": False,
        "environment_vars": dict(endpoint.environment),
        "state": {
            "deployment": "DEPLOYMENT_READY" if ready else "DEPLOYMENT_FAILED",
            "deployment_state_message": live.failure,
        },
    }
    return {
        "name": endpoint.name,
        "id": endpoint.name,
        "creator": endpoint.creator,
        "creation_timestamp": endpoint.created,
        "last_updated_timestamp": endpoint.created,
        "state": {
            "ready": "READY" if ready else "NOT_READY",
            "config_update": "UPDATE_FAILED" if live.failure else "NOT_UPDATING",
        },
        "config": {"served_entities": [entity], "served_models": [], "config_version": 1},
        "endpoint_type": "FEATURE_SPEC" if endpoint.feature_spec else "CUSTOM_MODEL",
    }


def openapi(endpoints: Sequence[Live], version: str, *, secured: bool) -> dict[str, Any]:
    """Return the OpenAPI description of a server with these endpoints: every route, and each endpoint's columns.

    Parameters
    ----------
    secured
        Whether requests need a token.
    """
    paths: dict[str, Any] = {
        f"/serving-endpoints/{live.endpoint.name}/invocations": {"post": _invocations(live)} for live in endpoints
    }
    paths["/invocations"] = {"post": _default_invocations()}
    for path, said in _OPEN.items():
        content = {"text/plain": {"schema": {"type": "string"}}}
        answers = {code: {"description": text, "content": content} for code, text in said.items()}
        paths[path] = {"get": {"summary": said["200"], "responses": answers, "security": []}}
    for path, (summary, media, schema) in _GUARDED.items():
        answers = {"200": {"description": summary, "content": {media: {"schema": schema}}}, **_refusals("401", "403")}
        described: dict[str, Any] = {"summary": summary, "responses": answers}
        if "{name}" in path:
            name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            described["parameters"] = [name]
            answers |= _refusals("404")
        paths[path] = {"get": described}
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Headwater serving", "version": version},
        "paths": paths,
    }
    if secured:
        found |= {"components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}}
        found |= {"security": [{"token": []}]}
    return found


_RUNS = {"200": "The server runs."}
_TAKES = {
    "200": "The server takes requests.",
    "503": "The server starts or drains, or an endpoint has nothing to answer with.",
}
_OPEN: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("/ping", "/health", "/health/live"), _RUNS),
    **dict.fromkeys(("/ready", "/health/ready"), _TAKES),
    "/version": {"200": "The server's version."},
}
_ENDPOINT: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "state": {"type": "object"}, "config": {"type": "object"}},
    "required": ["name", "state", "config", "endpoint_type", "creator", "creation_timestamp"],
}
_ENDPOINTS: dict[str, Any] = {
    "type": "object",
    "properties": {"endpoints": {"type": "array", "items": _ENDPOINT}},
    "required": ["endpoints"],
}
_API = "/api/2.0/serving-endpoints"
_GUARDED: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    _API: ("All endpoints.", "application/json", _ENDPOINTS),
    f"{_API}/{{name}}": ("One endpoint.", "application/json", _ENDPOINT),
    f"{_API}/{{name}}/metrics": ("The server's metrics.", "text/plain", {"type": "string"}),
    f"{_API}/{{name}}/openapi": ("The description of one endpoint.", "application/json", {"type": "object"}),
    "/metrics": ("The server's metrics, as Prometheus reads them.", "text/plain", {"type": "string"}),
    "/openapi.json": ("This description.", "application/json", {"type": "object"}),
}


def _invocations(live: Live) -> dict[str, Any]:
    name, served = live.endpoint.name, live.served
    columns, required, outputs = ({}, (), {}) if served is None else (served.columns, served.required, served.outputs)
    return {
        "operationId": f"query_{name}",
        "summary": f"Ask the endpoint {name}.",
        **_query(request_schema(columns, required), answer_schema(outputs)),
    }


def _default_invocations() -> dict[str, Any]:
    answer = {"oneOf": [{"type": "object", "required": [name]} for name in ("predictions", "outputs")]}
    return {
        "operationId": "query",
        "summary": "Ask the server's default endpoint, or its only one.",
        **_query(request_schema({}, ()), answer),
    }


def _query(request: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    headers = {
        "served-model-name": {"description": "The version that answered.", "required": True, **text},
        "x-request-id": {"description": "The request's number in the log.", "required": True, **text},
    }
    return {
        "requestBody": {
            "required": True,
            "content": {one.name: {"schema": one.schema or request} for one in MEDIA_TYPES.values()},
        },
        "responses": {
            "200": {
                "description": "Predictions or features, a row each.",
                "headers": headers,
                "content": {"application/json": {"schema": answer}},
            },
            **_refusals("400", "401", "403", "404", "413", "415", "429", "503", "504"),
        },
    }


def _refusals(*codes: str) -> dict[str, Any]:
    content = {"application/json": {"schema": REFUSAL}}
    return {code: {"description": "Why it is refused.", "content": content} for code in codes}
