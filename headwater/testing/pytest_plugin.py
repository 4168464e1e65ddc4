"""The pytest plugin: notebooks as tests, and fixtures for tests of features.

``pytest --headwater-notebooks DIR`` runs each notebook under DIR as one test. The fixtures `feature_store` and `headwater_spark`,
and :func:`assert_frames_equal`, are for tests of one's own. Nothing heavy is imported until one of them is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from headwater.testing.frames_equal import assert_frames_equal

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater import FeatureEngineeringClient
    from headwater.lakehouse import Settings

__all__ = ["assert_frames_equal", "feature_store", "headwater_spark"]

_SKIPPED = {"_resources", "includes", "node_modules"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--headwater-notebooks DIR``."""
    parser.getgroup("headwater").addoption(
        "--headwater-notebooks",
        action="append",
        default=[],
        metavar="DIR",
        help="Run each Databricks or Jupyter notebook under DIR (or the one notebook) as a test; may be repeated.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let the folders be collected where no other is named."""
    folders = config.getoption("--headwater-notebooks")
    missing = [folder for folder in folders if not Path(folder).exists()]
    if missing:
        raise pytest.UsageError(f"--headwater-notebooks: there is no {missing[0]}.")
    if folders and config.args_source != pytest.Config.ArgsSource.ARGS:
        config.args = list(folders)
    elif folders:
        config.args += [folder for folder in folders if folder not in config.args]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a notebook under one of the folders; those in ``_resources`` are parts of others."""
    for folder in parent.config.getoption("--headwater-notebooks"):
        top = Path(folder).resolve()
        if file_path == top or (file_path.is_relative_to(top) and not _SKIPPED & set(file_path.relative_to(top).parts)):
            from headwater.notebook import is_notebook

            if is_notebook(file_path):
                return NotebookFile.from_parent(parent, path=file_path)
    return None


class NotebookFile(pytest.File):
    """A notebook's file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Give its one test."""
        yield NotebookItem.from_parent(self, name=self.path.stem)


class NotebookItem(pytest.Item):
    """A notebook as a test: it passes if all cells run, or it exits by itself."""

    def runtest(self) -> None:
        """Run the notebook on the embedded store of this test run."""
        from headwater.notebook import run_notebook

        run_notebook(self.path, settings=_settings(self.config)).check()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the notebook's own error and traceback."""
        from headwater.notebook import CellError

        if isinstance(excinfo.value, CellError):
            return f"{excinfo.value}\n\n{excinfo.value.trace}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return what the head of a report says."""
        return self.path, None, f"notebook: {self.path.name}"


@pytest.fixture(scope="session")
def headwater_spark(request: pytest.FixtureRequest) -> Iterator[SparkSession]:
    """Give a small Spark session with Delta on a temporary store; one that is active already is used, and left running."""
    from headwater import session

    before = _active()
    spark = before or session(_settings(request.config))
    yield spark
    if before is None:
        spark.stop()


@pytest.fixture
def feature_store(headwater_spark: SparkSession) -> Iterator[FeatureEngineeringClient]:
    """Give a client on an empty schema of its own, which is the current one; all that the test makes is dropped after it.

    A table named with one level lies in that schema. Schemas that the test makes, and new tables in others, are dropped too.
    """
    import uuid

    from headwater import FeatureEngineeringClient
    from headwater.lakehouse import quoted

    spark = headwater_spark
    catalog, schema = spark.catalog.currentCatalog(), spark.catalog.currentDatabase()
    before = _tables(spark)
    name = f"test_{uuid.uuid4().hex[:8]}"
    spark.sql(f"CREATE SCHEMA {name}")
    spark.catalog.setCurrentDatabase(name)
    yield FeatureEngineeringClient()
    spark.catalog.setCurrentCatalog(catalog)
    spark.catalog.setCurrentDatabase(schema)
    for found, tables in _tables(spark).items():
        if found not in before:
            spark.sql(f"DROP SCHEMA {quoted(found)} CASCADE")
        for table in sorted(tables - before.get(found, tables)):
            spark.sql(f"DROP TABLE IF EXISTS {quoted(found)}.{quoted(table)}")


def _active() -> SparkSession | None:
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession()


def _settings(config: pytest.Config) -> Settings:
    """Return the settings of this test run: the active session's, or a small session on a temporary store."""
    from headwater import lakehouse

    found = _active()
    if found is not None:
        return lakehouse.settings_of(found)
    home = config.stash.get(_HOME, None)
    if home is None:
        import tempfile

        scratch = tempfile.TemporaryDirectory(prefix="headwater-")
        config.add_cleanup(scratch.cleanup)
        home = config.stash[_HOME] = Path(scratch.name) / ".headwater"
    return lakehouse.Settings(home=home, master="local[2]", driver_memory="2g", shuffle_partitions=2)


def _tables(spark: SparkSession) -> dict[str, set[str]]:
    from headwater.lakehouse import quoted

    names = [row[0] for row in spark.sql("SHOW SCHEMAS").collect()]
    return {
        name: {
            row["tableName"]
            for row in spark.sql(f"SHOW TABLES IN {quoted(name)} LIKE '*'").collect()
            if not row["isTemporary"]
        }
        for name in names
    }


_HOME: pytest.StashKey[Path] = pytest.StashKey()
