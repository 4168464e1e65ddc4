"""What a notebook's code asks of the cluster that it runs on: its runtime's version, its name, its workspace's address."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["cluster_settings", "runtime_version"]

RUNTIME = "17.3"  # the Databricks runtime of Spark 4 that is supported for the longest time
_VARIABLE = "DATABRICKS_RUNTIME_VERSION"
_TAGS = {
    "cloudProvider": "local",
    "clusterAllTags": "[]",
    "clusterId": "local",
    "clusterName": "local",
    "clusterNodeType": "local",
    "clusterOwnerOrgId": "0",
    "clusterWorkers": "0",
    "driverNodeType": "local",
    "region": "local",
    "sparkVersion": f"{RUNTIME}.x-cpu-ml-scala2.13",
}
_SETTINGS = {
    **{f"spark.databricks.clusterUsageTags.{name}": value for name, value in _TAGS.items()},
    "spark.databricks.workspaceUrl": "localhost",
}
# Modules through which a variable is asked for: the frame behind them is the one that asks.
_BETWEEN = {"os", "collections.abc", __name__}  # the second is Mapping's, for `get` and `in`


@contextmanager
def cluster_settings(spark: SparkSession) -> Iterator[None]:
    """Let ``spark.conf.get`` answer what a workspace sets on its clusters; what the session has already stays."""
    made = [name for name in _SETTINGS if spark.conf.get(name, None) is None]
    for name in made:
        spark.conf.set(name, _SETTINGS[name])
    try:
        yield
    finally:
        for name in made:
            spark.conf.unset(name)


@contextmanager
def runtime_version(namespace: Callable[[], Mapping[str, Any] | None]) -> Iterator[None]:
    """Let `os.environ` name a Databricks runtime to the notebook's own code, and to nothing else.

    MLflow, the hand-over to the real client and Spark's workers take the variable for Databricks itself: they do not see it,
    nor do other processes.

    Parameters
    ----------
    namespace
        Gives the variables of the notebook that runs; what is called from code with these as its globals sees the version.
    """

    class Environ(type(os.environ)):  # type: ignore[misc]
        def __getitem__(self, key: str) -> str:
            if key == _VARIABLE and key not in list(self) and _caller() is namespace():
                return RUNTIME
            return str(super().__getitem__(key))

    before = type(os.environ)
    os.environ.__class__ = Environ
    try:
        yield
    finally:
        os.environ.__class__ = before


def _caller() -> Mapping[str, Any]:
    """Return the globals of the code that asks for a variable."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001
    while frame is not None and frame.f_globals.get("__name__") in _BETWEEN:
        frame = frame.f_back
    return {} if frame is None else frame.f_globals
