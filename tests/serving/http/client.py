"""Real HTTP to a real server of this process."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from types import SimpleNamespace


def post(url, body, headers=None):
    """Return status, headers and decoded body of a request, as any client would send it."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read() or b"{}")


def get(url, headers=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextlib.contextmanager
def serving(settings, *, tokens="", limits=None, default=None, seconds=0.2, only=()):
    """Run a server on a free port within, in a thread of this process."""
    import uvicorn

    from headwater.features import stored_feature_spec
    from headwater.serving.http.app import ServingApp
    from headwater.serving.http.metrics import Metrics
    from headwater.serving.http.models import Models
    from headwater.serving.http.tokens import Tokens

    metrics = Metrics()
    models = Models(settings, metrics, lambda name: stored_feature_spec(settings, name), only=only, seconds=seconds)
    app = ServingApp(models, metrics, Tokens(tokens), limits=limits, default=default, version="test")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app.asgi(), "127.0.0.1", port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        for _ in range(600):
            if server.started:
                break
            time.sleep(0.05)
        assert server.started
        yield SimpleNamespace(url=f"http://127.0.0.1:{port}", app=app, models=models)
    finally:
        server.should_exit = True
        thread.join()
