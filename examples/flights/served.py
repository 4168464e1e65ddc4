"""A day of flights asked one by one from an endpoint, and each answer held against the offline recomputation."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import math
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headwater import Project, jobs, lakehouse, serving
from headwater.jobs import JobResult
from headwater.outcome import DONE, FAILED
from headwater.training import use_store

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

ENDPOINT = "flights-late"
_START = 120.0  # seconds that a server may take to start


def serve_a_day(spark: SparkSession, project: Project, start: dt.datetime, end: dt.datetime) -> JobResult:
    """Publish the project's tables, start ``headwater serve``, and ask it for each flight of [start, end), UTC, over HTTP.

    Every flight is asked as of now, with the time of the publish as its prediction time, and recomputed offline for that time
    without lookback windows, which an online store does not look at: so both look the same rows up. An answer that differs
    makes the job fail.
    """
    from pyspark.sql import functions as F

    began = time.monotonic()
    use_store(lakehouse.settings_of(spark))
    jobs.publish(spark, project)
    uri = f"models:/{project.model_name}@champion"
    artifact = as_served(serving.open_model(uri))
    now = F.lit(dt.datetime.now(dt.UTC).isoformat()).cast("timestamp")
    spine = project.spine(spark, start, end).withColumn(project.time_column, now).cache()
    needed = dict.fromkeys([*artifact.spec.required, *project.keys])
    rows = [_request(row) for row in spine.select(*map(lakehouse.quoted, needed)).toArrow().to_pylist()]
    scored = (
        serving.score_batch(artifact, spine, result_type="array<double>").select(*project.keys, "prediction").collect()
    )
    wanted = {tuple(row[key] for key in project.keys): list(row["prediction"]) for row in scored}
    wrong, milliseconds = 0, []
    with _server(lakehouse.settings_of(spark).home, uri) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        asking = time.monotonic()
        for row in rows:
            sent = time.perf_counter()
            chances = _ask(connection, row)
            milliseconds.append((time.perf_counter() - sent) * 1000)
            offline = wanted[tuple(row[key] for key in project.keys)]
            wrong += not all(map(math.isclose, chances, offline))
        took = time.monotonic() - asking
    spine.unpersist()
    rate, median = len(rows) / max(took, 1e-9), statistics.median(milliseconds or [0.0])
    same = (
        "every answer equals the offline recomputation"
        if not wrong
        else f"{wrong:,} answers differ from the offline ones"
    )
    detail = f"{rate:,.0f} requests per second over one connection, p50 {median:.1f} ms; {same}"
    return JobResult("serve", len(rows), time.monotonic() - began, detail, FAILED if wrong else DONE)


def as_served(artifact: serving.ModelArtifact) -> serving.ModelArtifact:
    """Return the model with lookups that take the newest row, however old it is."""
    lookups = tuple(replace(step, lookback=None) for step in artifact.spec.lookups)
    return replace(artifact, spec=replace(artifact.spec, lookups=lookups))


def _request(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON has it."""
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in row.items()}


def _ask(connection: http.client.HTTPConnection, row: dict[str, Any]) -> list[float]:
    body = json.dumps({"dataframe_records": [row]})
    address = f"/serving-endpoints/{ENDPOINT}/invocations"
    connection.request("POST", address, body, {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    found: list[float] = answer["predictions"][0]
    return found


@contextlib.contextmanager
def _server(home: Path, uri: str) -> Iterator[int]:
    """Run ``headwater serve`` within, on a free port of this machine; gives the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "headwater", "serve", "--model", uri, "--name", ENDPOINT, "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--trace-features"], env={**os.environ, "HEADWATER_HOME": str(home)}, stdout=subprocess.DEVNULL
    )
    try:
        ends = time.monotonic() + _START
        while not _is_ready(port):
            if process.poll() is not None or time.monotonic() > ends:
                raise lakehouse.HeadwaterError(
                    f"headwater serve has not started: run it to see why, {' '.join(command)}"
                )
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
