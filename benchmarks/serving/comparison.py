"""Servers under the same loads, a printed line each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from benchmarks.measured import Printed
from benchmarks.serving.contestants import Running
from benchmarks.serving.load import Measured, measure, request_bytes

__all__ = ["LOADS", "heading", "line", "measured"]

LOADS = ((1, 1), (8, 1), (1, 100))  # connections, rows


def heading(say: Printed, what: str, server: str) -> None:
    """Print the names of the columns."""
    names = f"{'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms':>7} {'MiB':>6} {'failed':>6}"
    say(f"{what:10} {server:20} {'connections':>11} {'rows':>5} {names}")


def measured(
    say: Printed,
    labels: tuple[str, str],
    start: Callable[[], AbstractContextManager[Running]],
    body: Callable[[int], bytes],
    seconds: float,
) -> dict[tuple[int, int], Measured]:
    """Start a server, and measure and print each load; `body` gives the request for a number of rows."""
    what, server = labels
    found = {}
    with start() as running:
        for connections, rows in LOADS:
            request = request_bytes(running.port, running.path, body(rows), running.token)
            measure(running.port, request, running.pids, connections=connections, seconds=min(1.0, seconds))
            one = found[connections, rows] = measure(
                running.port, request, running.pids, connections=connections, seconds=seconds
            )
            say(line(what, server, (connections, rows), one))
    return found


def line(what: str, server: str, load: tuple[int, int], one: Measured) -> str:
    """Return the line of a server and a load."""
    connections, rows = load
    return (
        f"{what:10} {server:20} {connections:11} {rows:5} {one.rate:8,.0f} {one.p50:8.2f} {one.p99:8.2f} {one.cpu:7.2f} "
        f"{one.memory:6.0f} {one.failed:6}"
    )
