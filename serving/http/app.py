"""The ASGI application: routes as the clients of Databricks and MLflow know them."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from headwater.lakehouse import HeadwaterError
from headwater.serving.http.description import described, openapi
from headwater.serving.http.media_types import MediaType, media_type
from headwater.serving.http.metrics import Metrics
from headwater.serving.http.models import Live, Models
from headwater.serving.http.parquet_body import close_readers
from headwater.serving.http.refusals import RefusedError, encode, error_answer, no_endpoint
from headwater.serving.http.requests import Request as Rows
from headwater.serving.http.served import Answer, Served
from headwater.serving.http.tokens import Tokens

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["Limits", "ServingApp"]

_DAY_US = 86_400_000_000
_SMALL_BYTES = 64 * 2**10  # of JSON are read in under a millisecond
_READ_ON = 4  # times the most bytes of a body are read, and not kept, of one that is too large
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Limits:
    """What a server takes at once: bytes of a body, rows of a request, requests at work, seconds for an answer."""

    body_bytes: int = 16 * 2**20
    rows: int = 10_000
    concurrency: int = 64
    seconds: float = 60.0
    inline_ms: float = 5.0


class ServingApp:
    """A server's routes and what they share.

    Parameters
    ----------
    models
        The endpoints; started and closed with the application.
    default
        The endpoint that ``/invocations`` asks; None: the only one there is.
    """

    def __init__(
        self,
        models: Models,
        metrics: Metrics,
        tokens: Tokens,
        *,
        limits: Limits | None = None,
        default: str | None = None,
        version: str = "",
    ) -> None:
        self.models, self.metrics, self.tokens, self.default = models, metrics, tokens, default
        self.limits = limits or Limits()
        self.draining = False
        self._version = version
        self._at_work = 0
        self._shadows = threading.BoundedSemaphore(self.limits.concurrency)  # beyond that the shadow is not asked
        self._pool = ThreadPoolExecutor(max(2, os.cpu_count() or 2), thread_name_prefix="answers")
        self._slow: dict[str, float] = {}  # milliseconds that an entity's answers take

    def asgi(self) -> Starlette:
        """Return the application."""
        from starlette.applications import Starlette
        from starlette.routing import Route

        routes = [
            Route("/serving-endpoints/{name}/invocations", self._invocations, methods=["POST"]),
            Route("/invocations", self._invocations, methods=["POST"]),
            Route("/api/2.0/serving-endpoints", self._guarded(self._list, "read")),
            Route("/api/2.0/serving-endpoints/{name}", self._guarded(self._describe, "read")),
            Route("/api/2.0/serving-endpoints/{name}/metrics", self._guarded(self._metrics_text, "metrics")),
            Route("/api/2.0/serving-endpoints/{name}/openapi", self._guarded(self._openapi, "read")),
            Route("/metrics", self._guarded(self._metrics_text, "metrics")),
            Route("/openapi.json", self._guarded(self._openapi, "read")),
            Route("/version", self._tell_version),
            *(Route(path, self._alive) for path in ("/ping", "/health", "/health/live")),
            *(Route(path, self._ready) for path in ("/ready", "/health/ready")),
        ]
        return Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={404: _not_found, 405: _not_allowed, Exception: _failed},
        )

    @asynccontextmanager
    async def _lifespan(self, _: Any) -> AsyncIterator[None]:
        await asyncio.to_thread(self.models.start)
        yield
        await asyncio.to_thread(self.models.close)
        close_readers()
        self._pool.shutdown(wait=False)

    async def _invocations(self, request: Request) -> Response:
        began = time.perf_counter()
        name = request.path_params.get("name") or self._only_name()
        identifier = uuid.uuid4().hex
        live, body, answer, headers = self.models.get(name) if name else None, b"", None, {}
        rows: Rows | None = None
        kind: MediaType | None = None
        try:
            self._authorise(request, f"query:{name}")
            served = self._serving(name, live)
            kind = media_type(request.headers.get("content-type"))
            body = await self._body(request)
            ends = time.monotonic() + self.limits.seconds
            self._take_place()
            try:
                rows = await self._read(kind, body, served, ends)
                traced = live is not None and live.endpoint.traces_features
                answer = await self._answered(served, rows, ends, traced=traced)
            finally:
                self._at_work -= 1
            status, content = 200, encode(answer.body)
            headers = {"served-model-name": served.name, "x-request-id": identifier}
        except Exception as error:  # noqa: BLE001 - each becomes an answer; none tells of internals
            status, content = error_answer(error)
            if status >= 500:  # for who runs the server; the client is told less
                print(f"headwater serve: {name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        took = (time.perf_counter() - began) * 1000
        self.metrics.observe(live.endpoint.name if live else "", status, took, answer.model_ms if answer else 0.0)
        if live is not None and live.log is not None and status not in (401, 403, 413):
            self._log(
                live,
                identifier,
                rows,
                lambda: "" if kind is None else kind.logged(body, rows),
                content,
                status,
                took,
                answer,
                request,
            )
        return _response(content, status, headers)

    def _serving(self, name: str | None, live: Live | None) -> Served:
        if live is None:
            raise no_endpoint(name, [one.endpoint.name for one in self.models.all()])
        if live.served is None:
            message = (
                f"The endpoint {name} has nothing to answer with yet: GET /api/2.0/serving-endpoints/{name} says why."
            )
            raise RefusedError(503, "TEMPORARILY_UNAVAILABLE", message)
        return live.served

    def _take_place(self) -> None:
        """Count a request as at work; raises if there are as many as the server takes."""
        if self._at_work >= self.limits.concurrency:
            raise RefusedError(
                429, "REQUEST_LIMIT_EXCEEDED", f"{self.limits.concurrency} requests are at work: try again in a moment."
            )
        self._at_work += 1

    async def _read(self, kind: MediaType, body: bytes, served: Served, ends: float) -> Rows:
        """Return a body's rows: read at once where it is small, else in a thread, so that other requests do not wait for it."""
        limits = self.limits
        if len(body) <= _SMALL_BYTES and kind.is_text:
            return kind.read(body, limits.rows, limits.body_bytes, served.columns)
        return await self._in_thread(lambda: kind.read(body, limits.rows, limits.body_bytes, served.columns), ends)

    async def _answered(self, served: Served, rows: Rows, ends: float, *, traced: bool) -> Answer:
        """Return the answer: at once where the entity is known to be quick, else in a thread, within the time that is allowed."""
        began = time.perf_counter()
        try:
            if len(rows.rows) <= 1 and self._slow.get(served.entity, 1e9) < self.limits.inline_ms:
                return served.answer(rows, traced=traced)
            return await self._in_thread(lambda: served.answer(rows, traced=traced), ends)
        finally:
            if len(rows.rows) <= 1:
                took = (time.perf_counter() - began) * 1000
                self._slow[served.entity] = 0.9 * self._slow.get(served.entity, took) + 0.1 * took

    async def _in_thread(self, work: Callable[[], _Result], ends: float) -> _Result:
        """Return the result of work in a thread; raises TimeoutError at `ends`, in seconds of the monotonic clock."""
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        return await asyncio.wait_for(running, max(0.0, ends - time.monotonic()))

    async def _body(self, request: Request) -> bytes:
        parts: list[bytes] = []
        most, size = self.limits.body_bytes, 0
        given = request.headers.get("content-length", "0")
        too_large = len(given) > 18 or (given.isdecimal() and int(given) > most)
        if not (too_large and "expect" in request.headers):  # a client that waits for leave to send its body gets none
            try:
                async for part in request.stream():
                    size += len(part)
                    too_large = too_large or size > most
                    if not too_large:
                        parts.append(part)
                    elif size > _READ_ON * most:  # until then read on: a client cut off while it sends sees no answer
                        break
            except Exception as error:
                from starlette.requests import ClientDisconnect

                if not isinstance(error, ClientDisconnect):
                    raise
                message = "The client closed the connection before its body was complete."
                raise RefusedError(400, "BAD_REQUEST", message) from error
        if too_large:
            raise RefusedError(
                413, "REQUEST_TOO_LARGE", f"The body is larger than {most:,} bytes: send fewer rows at once."
            )
        return b"".join(parts)

    def _authorise(self, request: Request, scope: str) -> None:
        if not self.tokens:
            return
        allowed = self.tokens.allow(request.headers.get("authorization"), scope)
        if allowed is None:
            raise RefusedError(401, "UNAUTHENTICATED", "Send a token that this server knows: Authorization: Bearer ….")
        if not allowed:
            raise RefusedError(403, "PERMISSION_DENIED", f"The token may not do this; it needs the scope {scope}.")

    def _log(
        self,
        live: Live,
        identifier: str,
        rows: Rows | None,
        body_text: Callable[[], str | None],
        content: bytes,
        status: int,
        took: float,
        answer: Answer | None,
        request: Request,
    ) -> None:
        share = live.endpoint.sampling_fraction
        if live.log is None or (share < 1 and random.random() >= share):
            return
        now = time.time_ns() // 1000
        served, shadow = live.served, live.shadow
        trace = encode(answer.features).decode() if answer is not None and answer.features else None
        requester = request.client.host if request.client else ""
        beside = (rows.client_request_id if rows else None, now, status, share)
        line = (identifier, now // _DAY_US, *beside, round(took))
        text = body_text()
        texts: tuple[Any, ...] = (text, content.decode(), [])
        live.log.append((*line, *texts, served.entity if served else "", requester, trace))
        if shadow is not None and rows is not None and status == 200 and self._shadows.acquire(blocking=False):
            self._pool.submit(self._ask_shadow, live, rows, line, text, requester)

    def _ask_shadow(self, live: Live, rows: Rows, line: tuple[Any, ...], text: str | None, requester: str) -> None:
        """Ask the shadow the same, and log what it says; the client does not wait for it."""
        shadow, log = live.shadow, live.log
        assert shadow is not None
        assert log is not None
        began = time.perf_counter()
        try:
            answer = shadow.answer(rows, traced=live.endpoint.traces_features)
            trace = encode(answer.features).decode() if answer.features else None
            status, content = 200, encode(answer.body)
        except Exception as error:  # noqa: BLE001 - a shadow's errors are logged
            (status, content), trace = error_answer(error), None
        finally:
            self._shadows.release()
        took = round((time.perf_counter() - began) * 1000)
        identifier, day, client, now, _, share, _ = line
        texts = (text, content.decode(), ["SHADOW"])
        log.append(
            (f"{identifier}-shadow", day, client, now, status, share, took, *texts, shadow.entity, requester, trace)
        )

    def _only_name(self) -> str | None:
        names = [one.endpoint.name for one in self.models.all()]
        return self.default or (names[0] if len(names) == 1 else None)

    def _guarded(
        self, answer: Callable[[Request], Awaitable[Response]], scope: str
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                self._authorise(request, scope)
                return await answer(request)
            except HeadwaterError as error:
                status, content = error_answer(error)
                return _response(content, status, {})

        return guarded

    async def _list(self, _: Request) -> Response:
        return _response(encode({"endpoints": [described(live) for live in self.models.all()]}), 200, {})

    def _named(self, request: Request) -> list[Live]:
        """Return the endpoint that a path names; all where it names none."""
        name = request.path_params.get("name")
        live = None if name is None else self.models.get(name)
        if name is not None and live is None:
            raise no_endpoint(name, [one.endpoint.name for one in self.models.all()])
        return self.models.all() if live is None else [live]

    async def _describe(self, request: Request) -> Response:
        return _response(encode(described(self._named(request)[0])), 200, {})

    async def _metrics_text(self, request: Request) -> Response:
        from starlette.responses import Response

        self._named(request)
        self.metrics.running.set(self._at_work)
        for live in self.models.all():
            if live.served is not None:
                self.metrics.lookback.labels(live.endpoint.name).set(live.served.lookback_ignored)
            if live.log is not None:
                self.metrics.unlogged.labels(live.endpoint.name).set(live.log.failed)
        return Response(self.metrics.text(), media_type="text/plain; version=0.0.4")

    async def _openapi(self, request: Request) -> Response:
        found = openapi(self._named(request), self._version, secured=bool(self.tokens))
        return _response(encode(found), 200, {})

    async def _tell_version(self, _: Request) -> Response:
        from starlette.responses import PlainTextResponse

        return PlainTextResponse(self._version)

    async def _alive(self, _: Request) -> Response:
        from starlette.responses import PlainTextResponse

        return PlainTextResponse("\n")

    async def _ready(self, _: Request) -> Response:
        from starlette.responses import PlainTextResponse

        ready = not self.draining and all(live.served is not None for live in self.models.all())
        return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503)


def _response(content: bytes, status: int, headers: dict[str, str]) -> Response:
    from starlette.responses import Response

    if status == 401:
        headers = {**headers, "www-authenticate": "Bearer"}
    return Response(content, status, headers, media_type="application/json")


async def _not_found(_: Request, __: Exception) -> Response:
    message = "There is no such address; predictions are at POST /serving-endpoints/NAME/invocations."
    return _response(encode({"error_code": "ENDPOINT_NOT_FOUND", "message": message}), 404, {})


async def _not_allowed(_: Request, error: Exception) -> Response:
    headers = dict(getattr(error, "headers", None) or {})
    message = f"This address takes another method: {headers.get('Allow', 'GET')}."
    return _response(encode({"error_code": "METHOD_NOT_ALLOWED", "message": message}), 405, headers)


async def _failed(_: Request, error: Exception) -> Response:
    status, content = error_answer(error)
    return _response(content, status, {})
