"""What a server says of its endpoints: in the form of Databricks' API, and as OpenAPI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headwater.serving.http.media_types import MEDIA_TYPES

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


def openapi(names: Sequence[str], version: str) -> dict[str, Any]:
    """Return the OpenAPI description of a server with these endpoints."""
    paths: dict[str, Any] = {f"/serving-endpoints/{name}/invocations": {"post": _invocations(name)} for name in names}
    for path, what in (
        ("/ping", "Whether the server runs."),
        ("/health", "Whether the server runs."),
        ("/version", "Its version."),
    ):
        paths[path] = {"get": {"summary": what, "responses": {"200": {"description": what}}}}
    for path in ("/metrics", "/api/2.0/serving-endpoints"):
        paths[path] = {
            "get": {"summary": path, "responses": {"200": {"description": "As it is now."}, **_refusals("401", "403")}}
        }
    return {"openapi": "3.1.0", "info": {"title": "Headwater serving", "version": version}, "paths": paths}


def _invocations(name: str) -> dict[str, Any]:
    row = {"type": "object", "additionalProperties": True}
    split = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "data": {"type": "array", "items": {"type": "array"}},
        },
        "required": ["columns", "data"],
    }
    beside = {"client_request_id": {"type": "string"}, "params": {"type": "object"}, "explain": {"type": "boolean"}}
    forms = {
        "dataframe_records": {"type": "array", "items": row},
        "dataframe_split": split,
        "instances": {"type": "array"},
        "inputs": {},
    }
    schema = {
        "oneOf": [
            {"type": "object", "properties": {form: kind, **beside}, "required": [form]} for form, kind in forms.items()
        ]
    }
    answer = {"type": "object", "properties": {"predictions": {"type": "array"}, "outputs": {"type": "array"}}}
    return {
        "operationId": f"query_{name}",
        "summary": f"Ask the endpoint {name}.",
        "requestBody": {
            "required": True,
            "content": {one.name: {"schema": one.schema or schema} for one in MEDIA_TYPES.values()},
        },
        "responses": {
            "200": {
                "description": "Predictions or features, a row each.",
                "content": {"application/json": {"schema": answer}},
            },
            **_refusals("400", "401", "403", "404", "413", "415", "429", "503", "504"),
        },
    }


def _refusals(*codes: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
        "required": ["error_code", "message"],
    }
    content = {"application/json": {"schema": schema}}
    return {code: {"description": "Why it is refused.", "content": content} for code in codes}
