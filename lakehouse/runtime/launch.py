"""Starts Java for Spark, and leaves out of its standard error the line that says nothing to the user."""

from __future__ import annotations

import os
import re
import threading
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
    threading.Thread(target=_forward, args=(read, os.dup(2)), name="java-stderr", daemon=True).start()
    try:
        gateway = launch_gateway(conf, {"stderr": write})  # type: ignore[no-untyped-call]
    finally:
        os.close(write)  # Java has its own; the thread ends with it
    SparkContext._ensure_initialized(gateway=gateway)  # noqa: SLF001


def _forward(read: int, to: int) -> None:
    with os.fdopen(read, "rb") as lines, os.fdopen(to, "wb", buffering=0) as out:
        for line in lines:
            if not _NOISE.fullmatch(line):
                out.write(line)
