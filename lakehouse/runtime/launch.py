"""Starts Java for Spark, and leaves out of its standard error the line that says nothing to the user."""

from __future__ import annotations

import atexit
import os
import re
import select
import threading
import time
from collections.abc import Mapping

__all__ = ["launch_java"]

# Java names the module that Spark itself asks for, at every start, and has no option against it.
_NOISE = re.compile(rb"WARNING: Using incubator modules: jdk\.incubator\.vector\s*")


def launch_java(configuration: Mapping[str, str]) -> None:
    """Start the JVM that a Spark session of this process will use; does nothing if there is one.

    What Java writes to its standard error goes on to this process's, line by line.
    """
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    if SparkContext._gateway is not None or "PYSPARK_GATEWAY_PORT" in os.environ:  # noqa: SLF001
        return
    conf = SparkConf(loadDefaults=False)
    for key, value in configuration.items():
        conf.set(key, value)
    read, write = os.pipe()
    said = threading.Event()
    threading.Thread(target=_forward, args=(read, os.dup(2), said), name="java-stderr", daemon=True).start()
    atexit.register(_wait_until_said, read, said)
    try:
        gateway = launch_gateway(conf, {"stderr": write})  # type: ignore[no-untyped-call]
    finally:
        os.close(write)  # Java has its own; the thread ends with it
    SparkContext._ensure_initialized(gateway=gateway)  # noqa: SLF001


def _forward(read: int, to: int, said: threading.Event) -> None:
    """Write what Java says to `to`, line by line; `said` is set while nothing is left to be written."""
    rest = b""
    said.set()
    while chunk := os.read(read, 1 << 16):
        said.clear()
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if not _NOISE.fullmatch(line):
                os.write(to, line + b"\n")
        said.set()
    os.write(to, rest)


def _wait_until_said(read: int, said: threading.Event) -> None:
    """Wait, at most five seconds, until what Java has said by now is written; Java itself ends after this process."""
    until = time.monotonic() + 5
    quiet = 0
    while quiet < 3 and time.monotonic() < until:
        waiting = bool(select.select([read], [], [], 0.01)[0]) or not said.is_set()
        quiet = 0 if waiting else quiet + 1
        time.sleep(0.01 if waiting else 0)
