"""One Spark session for the whole run, and a fresh schema for each test."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the folder of the run's embedded store."""
    return str(tmp_path_factory.mktemp("store") / ".headwater")


@pytest.fixture(scope="session")
def spark(home: str) -> Iterator[SparkSession]:
    """Give the run's one embedded session: two cores, few partitions, no UI."""
    from headwater import lakehouse

    settings = lakehouse.Settings(home=home, master="local[2]", driver_memory="3g", shuffle_partitions=2)  # type: ignore[arg-type]
    session = lakehouse.session(settings)
    yield session
    session.stop()


@pytest.fixture
def schema(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a fresh schema ``main.t_…`` that is dropped with all its tables."""
    name = f"main.t_{re.sub(r'[^a-z0-9]+', '_', request.node.name.lower())[:40]}_{uuid.uuid4().hex[:6]}"
    spark.sql(f"CREATE SCHEMA {name}")
    yield name
    spark.sql(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(autouse=True)
def _doctest_names(request: pytest.FixtureRequest) -> None:
    """Give the examples in docstrings the names `spark` and `session`."""
    if type(request.node).__name__ == "DoctestItem" and "spark" in request.node.dtest.docstring:
        request.getfixturevalue("doctest_namespace")["spark"] = request.getfixturevalue("spark")
