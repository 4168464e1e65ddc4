"""Runs the server: uvicorn on one address, with a drain on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from headwater.serving.http.app import ServingApp

__all__ = ["serve"]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(app: ServingApp, host: str, port: int, *, drain_seconds: float = 2.0) -> None:
    """Answer requests until SIGTERM or SIGINT.

    Then ``/ready`` says 503 for `drain_seconds`, in which new requests are answered still, requests at work are finished, and the
    log is moved into its tables.

    Raises
    ------
    InvalidInputError
        There are no tokens, and `host` is more than this machine.
    """
    import uvicorn

    if not app.tokens and host not in _LOOPBACK:
        raise InvalidInputError(
            f"Without tokens the server listens on this machine alone, not on {host}: set "
            "HEADWATER_SERVING_TOKENS, or use 127.0.0.1."
        )
    config = uvicorn.Config(app.asgi(), host, port, log_level="warning", access_log=False, timeout_graceful_shutdown=30)
    server = _Draining(config, app, drain_seconds)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()


class _Draining:
    """uvicorn's server, which goes on answering for a while when it is told to end."""

    def __init__(self, config: Any, app: ServingApp, seconds: float) -> None:
        import uvicorn

        outer = self

        class Server(uvicorn.Server):
            def handle_exit(self, sig: int, frame: Any) -> None:
                if outer.app.draining or not self.started:
                    super().handle_exit(sig, frame)
                    return
                outer.app.draining = True
                asyncio.get_event_loop().call_later(outer.seconds, setattr, self, "should_exit", True)

        self.app, self.seconds, self._server = app, seconds, Server(config)

    def run(self) -> None:
        self._server.run()
