"""The Spark session: the one that is there, or an embedded one."""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.lakehouse.runtime.complete_names import complete_names
from headwater.lakehouse.runtime.jars import ensure_jars
from headwater.lakehouse.runtime.java import ensure_java
from headwater.lakehouse.runtime.java_classes import classes_folder, compile_classes
from headwater.lakehouse.runtime.launch import launch_java
from headwater.lakehouse.runtime.settings import Settings
from headwater.lakehouse.scratch import remove_left_scratch
from headwater.lakehouse.warehouse import catalog
from headwater.lakehouse.warehouse.layout import MAIN, catalogs, schema_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["is_connect", "is_embedded", "on_databricks", "session", "settings_of"]

HOME = "spark.headwater.home"
_starting = threading.Lock()
# Java optimises a method fully after so many calls and loops: ten times later than by default. Spark generates code for
# each query, and on small data most of the processor went into optimising what ran once: a week's step of the flights
# took 45 s of processor for 69, the backfill no more than before.
_OPTIMISE_LATE = (
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
)


def session(settings: Settings | None = None) -> SparkSession:
    """Return a Spark session with Delta Lake; starts an embedded one if none is active.

    A session that is there (a cluster's, Databricks', Spark Connect's, the user's own) is used as it is. Otherwise one
    is started on this machine: its warehouse is the folder ``.headwater/warehouse``, whose tables are registered, its
    time zone UTC, its Python workers the running interpreter. It becomes ``SparkSession.getActiveSession()``. The
    first start ever fetches Delta's jars; later ones use no network. Takes 4 to 20 s.

    Examples
    --------
    >>> session() is session()
    True
    """
    from pyspark.sql import SparkSession

    with _starting:
        found = SparkSession.getActiveSession()
        if found is not None:
            if is_embedded(found):
                catalog.refresh(found)
            return found
        if on_databricks() or os.environ.get("SPARK_REMOTE"):
            return SparkSession.builder.getOrCreate()
        return _start(settings or Settings())


def on_databricks() -> bool:
    """Say whether this process runs on a Databricks runtime."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def is_embedded(spark: SparkSession) -> bool:
    """Say whether Headwater started this session on a folder of its own."""
    return spark.conf.get(HOME, "") != ""


def is_connect(spark: SparkSession) -> bool:
    """Say whether this is a session of Spark Connect, which has neither a Spark context nor a way into Java."""
    return type(spark).__module__.startswith("pyspark.sql.connect")


def settings_of(spark: SparkSession) -> Settings:
    """Return the settings, with the home of this session if it is an embedded one."""
    return Settings(home=Path(spark.conf.get(HOME, ""))) if is_embedded(spark) else Settings()  # type: ignore[arg-type]


def _start(settings: Settings) -> SparkSession:
    from pyspark.java_gateway import ensure_callback_server_started
    from pyspark.sql import SparkSession

    ensure_java()
    jars = ensure_jars(settings.jars)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    # Spark repeats each refused statement as one line of JSON; the exception says it already.
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    remove_left_scratch(settings.home)
    classes = classes_folder()
    configuration = _configuration(settings, [*jars, classes]) | settings.spark
    builder = SparkSession.builder.appName("headwater").master(settings.master)
    for key, value in configuration.items():
        builder = builder.config(key, value)
    launch_java({"spark.app.name": "headwater", "spark.master": settings.master, **configuration})
    for key, value in _catalogs(settings, compile_classes(classes)).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    complete_names()
    # MLflow's autologging starts the server that Java calls back, and does not tell Java its port: streams would then fail.
    ensure_callback_server_started(spark.sparkContext._gateway)  # type: ignore[no-untyped-call]  # noqa: SLF001
    catalog.make_catalog(spark, MAIN)
    catalog.make_catalog(spark, settings.catalog)
    spark.catalog.setCurrentCatalog(settings.catalog)
    _give_default_a_folder(spark, schema_folder(settings.warehouse, MAIN, "default").path)
    catalog.refresh(spark)
    return spark


def _catalogs(settings: Settings, reason: str) -> dict[str, str]:
    """Return the catalogs of the store, for all sessions of this process; `reason` says why there is but one, or is empty."""
    own = "spark.sql.catalog."
    delta = {"spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension", catalog.NOT_APART: reason}
    if reason:
        return delta | {f"{own}spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog"}
    others = {*catalogs(settings.warehouse), settings.catalog} - {MAIN}
    classes = dict.fromkeys(sorted(others), catalog.FOLDER_CLASS) | dict.fromkeys(
        (MAIN, "spark_catalog"), catalog.MAIN_CLASS
    )
    delta["spark.sql.extensions"] += ",headwater.Extension"
    return delta | {f"{own}{name}": implementation for name, implementation in classes.items()}


def _give_default_a_folder(spark: SparkSession, folder: Path) -> None:
    """Make the schema `default` a folder like any other; Spark puts its tables beside the schemas, where none looks."""
    folder.mkdir(parents=True, exist_ok=True)
    spark.sql(f"ALTER SCHEMA spark_catalog.default SET LOCATION '{folder.as_uri()}'")


def _configuration(settings: Settings, jars: list[Path]) -> dict[str, str]:
    cores = os.cpu_count() or 1
    logs = Path(__file__).with_name("log4j2.properties")
    return {
        HOME: str(settings.home),
        "spark.headwater.catalog": settings.catalog,
        "spark.executorEnv.HEADWATER_HOME": str(settings.home),  # a packaged model looks features up on workers too
        "spark.driver.memory": settings.driver_memory or _third_of_memory(),
        "spark.driver.extraClassPath": os.pathsep.join(str(jar) for jar in jars),
        "spark.driver.extraJavaOptions": " ".join(
            [
                f"-Dlog4j2.configurationFile={logs.as_uri()}",
                "-Duser.timezone=UTC",
                "-XX:+UseParallelGC",
                "-XX:ReservedCodeCacheSize=512m",
                *_OPTIMISE_LATE,
            ]
        ),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": settings.warehouse.as_uri(),
        # PySpark asks for each call's place in the source, over and over: a second for a plan of a thousand columns.
        "spark.python.sql.dataFrameDebugging.enabled": "false",
        # Spark 4.2 fills parameters in while it parses, which Delta's parser leaves out: `:x` would stay unbound.
        "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
        "spark.sql.sources.default": "delta",
        "spark.sql.session.timeZone": "UTC",
        # Code that is generated for wide rows takes longer to compile than small data to go through.
        "spark.sql.codegen.maxFields": "50",
        "spark.sql.codegen.hugeMethodLimit": "8000",
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions or 2 * cores),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled": "true",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.streaming.schemaInference": "true",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.databricks.delta.schema.autoMerge.enabled": "false",
    }


def _third_of_memory() -> str:
    """Return a third of the machine's memory as Spark writes it, at least 1 and at most 8 GiB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(8, max(1, total // 3 // 2**30))}g"
