"""The servers that are compared, each in a process of its own, with the same scikit-learn models."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FLOOR = """
import asyncio
body = b'{"predictions":[[0.5,0.5]]}'
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
import sys, uvicorn
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
"""


@dataclass(frozen=True)
class Running:
    """A server that answers: its port, the path to ask, its processes, and a token."""

    port: int
    path: str
    pids: list[int]
    token: str = ""


@contextlib.contextmanager
def floor() -> Iterator[Running]:
    """Run a bare ASGI application that reads the body and gives a constant answer."""
    port = _free()
    with _process([sys.executable, "-c", FLOOR, str(port)], port, "/") as pids:
        yield Running(port, "/", pids)


@contextlib.contextmanager
def headwater(home: Path, model: str = "", *, feature_spec: str = "") -> Iterator[Running]:
    """Run ``headwater serve`` with authentication, validation, metrics and the log of requests on."""
    port = _free()
    uri = f"models:/{model}" if "@" in model else f"models:/{model}/1"
    served = ["--feature-spec", feature_spec] if feature_spec else ["--model", uri]
    command = [sys.executable, "-m", "headwater", "serve", *served, "--port", str(port)]
    environment = {"HEADWATER_HOME": str(home), "HEADWATER_SERVING_TOKENS": "token", "OMP_NUM_THREADS": "1"}
    with _process(command, port, "/ready", environment) as pids:
        yield Running(port, "/invocations", pids, "token")


@contextlib.contextmanager
def mlflow(home: Path, model: str) -> Iterator[Running]:
    """Run ``mlflow models serve`` in this environment, with one OpenMP thread."""
    port = _free()
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "models",
        "serve",
        "-m",
        f"models:/{model}/1",
        "-p",
        str(port),
        "--env-manager",
        "local",
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # it starts uvicorn by name
    environment = {"MLFLOW_TRACKING_URI": f"sqlite:///{home / 'mlflow.db'}", "OMP_NUM_THREADS": "1", "PATH": path}
    with _process(command, port, "/ping", environment) as pids:
        yield Running(port, "/invocations", pids)


@contextlib.contextmanager
def feast(python: Path, repository: Path) -> Iterator[Running]:
    """Run Feast's feature server from its own environment, with one worker that is never restarted and no access log."""
    port = _free()
    command = [str(python.with_name("feast")), "-c", str(repository), "serve", "--port", str(port)]
    command += ["--no-access-log", "--max-requests", "0"]
    environment = {"FEAST_USAGE": "False", "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    with _process(command, port, "/health", environment) as pids:
        yield Running(port, "/get-online-features", pids)


def body(rows: int) -> bytes:
    """Return a request of ten numbers a row."""
    return json.dumps(
        {"dataframe_records": [{f"x{i}": 0.1 * i + row for i in range(10)} for row in range(rows)]}
    ).encode()


def _free() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextlib.contextmanager
def _process(
    command: list[str], port: int, path: str, environment: dict[str, str] | None = None
) -> Iterator[list[int]]:
    with tempfile.TemporaryFile() as said:
        kept = {"stdout": said, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, start_new_session=True, **kept)
        try:
            if not _answers(process, f"http://127.0.0.1:{port}{path}"):
                said.seek(0)
                raise SystemExit(f"{' '.join(command[:5])} … does not answer:\n{said.read().decode()[-3000:]}")
            yield _family(process.pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def _answers(process: subprocess.Popen[bytes], address: str, seconds: float = 120.0) -> bool:
    """Wait until a process answers with 200; false if it ends, or does not within these seconds."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            if answer.status == 200:
                return True
        time.sleep(0.1)
    return False


def _family(pid: int) -> list[int]:
    """Return a process and those that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]
