"""A server of this store's endpoints, as ``headwater serve`` runs it; starts no Spark."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from headwater.outcome import DONE

if TYPE_CHECKING:
    from headwater.lakehouse import Settings

__all__ = ["add_serve", "run_server"]

# Before NumPy is imported: threads of one prediction would wait for each other longer than they compute.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_TEXT = (
    "Answer the store's endpoints over HTTP until interrupted. With a model or a feature spec, an endpoint of it is made or "
    "changed first. Starts no Spark."
)


def add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Give the command line ``headwater serve``."""
    parser = commands.add_parser("serve", help=_TEXT.partition(". ")[0], description=_TEXT, allow_abbrev=False)
    parser.add_argument("--model", default="", help="a registered model: models:/main.ml.m@champion")
    parser.add_argument("--feature-spec", default="", help="or a feature spec of the catalog, by its full name")
    parser.add_argument(
        "--shadow", default="", help="a second model that gets the same requests; its answers are logged"
    )
    parser.add_argument("--name", default="", help="the endpoint's name (default: the model's, dots as hyphens)")
    parser.add_argument("--payload-table", default="", help="inference table (default: the model's name and _payload)")
    parser.add_argument("--trace-features", action="store_true", help="keep looked-up values with each request")
    parser.add_argument(
        "--sampling-fraction", type=float, default=1.0, help="share of the requests logged (default: 1)"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address; others than this machine's need HEADWATER_SERVING_TOKENS"
    )
    parser.add_argument("--port", type=int, default=8080, help="port (default: 8080)")
    parser.set_defaults(command=_serve)


def _serve(given: argparse.Namespace) -> int:
    for variable in _THREADS:
        os.environ.setdefault(variable, "1")
    options = {name: value for name, value in vars(given).items() if name != "command"}
    run_server(**options)
    return DONE


def run_server(
    *,
    model: str = "",
    feature_spec: str = "",
    shadow: str = "",
    name: str = "",
    payload_table: str = "",
    trace_features: bool = False,
    sampling_fraction: float = 1.0,
    host: str = "127.0.0.1",
    port: int = 8080,
    settings: Settings | None = None,
) -> None:
    """Answer the endpoints of the store until SIGTERM.

    With a model or a feature spec, an endpoint of it is made or changed first.

    Parameters
    ----------
    model, shadow
        ``models:/main.flights.late@champion``; an alias is followed as it moves.
    feature_spec
        Full name of a feature spec of the catalog.
    name
        Of the endpoint; default: the model's or the spec's name, dots as hyphens.
    payload_table
        Full name of its inference table; default: the model's or spec's name with ``_payload``.

    Raises
    ------
    InvalidInputError
        Both a model and a feature spec are given, or there is no endpoint at all.
    """
    from importlib.metadata import version

    from headwater import lakehouse
    from headwater.features import stored_feature_spec
    from headwater.lakehouse import InvalidInputError
    from headwater.serving.http.app import ServingApp
    from headwater.serving.http.endpoints import list_endpoints
    from headwater.serving.http.metrics import Metrics
    from headwater.serving.http.models import Models
    from headwater.serving.http.server import serve
    from headwater.serving.http.tokens import Tokens
    from headwater.training import use_store

    known = settings or lakehouse.Settings()
    use_store(known)
    default = None
    if model or feature_spec:
        if model and feature_spec:
            raise InvalidInputError("headwater serve takes --model or --feature-spec, not both.")
        served = model.removeprefix("models:/").split("@")[0].split("/")[0] if model else feature_spec
        full = str(lakehouse.TableName.parse(served, catalog=known.catalog, schema=known.default_schema))
        default = name or full.replace(".", "-")
        environment = {"ENABLE_FEATURE_TRACING": "true"} if trace_features else {}
        _keep(
            known,
            default,
            model,
            feature_spec,
            shadow,
            environment,
            payload_table or f"{full}_payload",
            sampling_fraction,
        )
    names = [one.name for one in list_endpoints(known)]
    if not names:
        raise InvalidInputError(
            f"The store {known.home} has no endpoint: name a model (--model models:/main.ml.m@champion) or a feature spec."
        )
    metrics = Metrics()
    models = Models(known, metrics, lambda spec: stored_feature_spec(known, spec))
    app = ServingApp(models, metrics, Tokens.of_environment(), default=default, version=version("headwater"))
    print(f"Endpoints at http://{host}:{port}/serving-endpoints/NAME/invocations: {', '.join(names)}", flush=True)
    serve(app, host, port)


def _keep(
    settings: Settings,
    name: str,
    model: str,
    feature_spec: str,
    shadow: str,
    environment: dict[str, str],
    payload_table: str,
    sampling_fraction: float,
) -> None:
    from headwater.serving.http.endpoints import (
        Endpoint,
        EndpointExistsError,
        create_endpoint,
        update_endpoint,
    )

    wanted = {
        "model": model,
        "feature_spec": feature_spec,
        "shadow": shadow,
        "environment": environment,
        "payload_table": payload_table,
        "sampling_fraction": sampling_fraction,
    }
    try:
        create_endpoint(settings, Endpoint(name, **wanted))  # type: ignore[arg-type]
    except EndpointExistsError:
        update_endpoint(settings, name, **wanted)
