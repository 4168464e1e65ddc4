"""Publishes the feature tables that the project's model looks up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.jobs.registry import Job
from headwater.outcome import JobResult

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.project import Project

__all__ = ["JOB", "publish"]

_FEED = "delta.enableChangeDataFeed"


@lakehouse.faults_named()
def publish(spark: SparkSession, project: Project) -> JobResult:
    """Bring the project's online tables up to date with its feature tables as they are now.

    The online store is made where it is missing. A table with a change data feed is published by its changes, any other as a
    whole if it changed. Run again, it changes nothing.
    """
    from headwater.serving.online.publish import publish_table
    from headwater.serving.online.stores import create_online_store, get_online_store

    began = time.monotonic()
    settings = lakehouse.settings_of(spark)
    store = project.online_store or project.name.replace("_", "-")
    if get_online_store(settings, store) is None:
        create_online_store(settings, store, "CU_1")
    rows, whole = 0, 0
    for table in project.looked_up_tables:
        fed = lakehouse.table_properties(spark, table).get(_FEED) == "true"
        done = publish_table(spark, store, table, f"{table}_online", "TRIGGERED" if fed else "SNAPSHOT")
        rows, whole = rows + done.rows, whole + done.whole
    count = len(project.looked_up_tables)
    return JobResult(
        "publish", rows, time.monotonic() - began, f"{count} tables to {store}, {whole} of them as a whole"
    )


JOB = Job("publish", "Publish the feature tables that the model looks up to the online store.", (), publish)
