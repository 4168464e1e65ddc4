"""VACUUM, and the versions of tables that champions were trained from."""

from __future__ import annotations

import uuid

import pytest

from headwater import lakehouse
from headwater.sql.maintenance.pinned_files import PinnedVersionError
from headwater.training import pinned_versions, promote, use_store


@pytest.fixture
def pinned(spark, schema):
    """Give a table of which a champion's run has seen version 1, and that is at version 3: all rows were overwritten."""
    import mlflow

    from headwater.training.registry.tracking import log_sources, start_run

    table, settings = f"{schema}.pinned", lakehouse.settings_of(spark)
    spark.sql(f"CREATE TABLE {table} (id INT, day STRING) USING delta PARTITIONED BY (day)")
    spark.sql(f"INSERT INTO {table} VALUES (1, 'a b'), (2, 'c')")
    full = str(lakehouse.resolve(spark, table))
    name = f"main.tests.pins_{uuid.uuid4().hex[:6]}"
    with start_run(settings, "pins", name="seen") as run:
        log_sources({}, {full: lakehouse.table_version(spark, table)})
        client = use_store(settings)
        client.create_registered_model(name)
        client.create_model_version(name, source=mlflow.get_artifact_uri("m"), run_id=run.info.run_id)
    promote(name, "1", reason="test", settings=settings)
    spark.sql(f"INSERT OVERWRITE {table} VALUES (3, 'c')")
    spark.sql(f"INSERT OVERWRITE {table} VALUES (4, 'd')")
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    yield table, full, name
    spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
    spark.conf.unset("headwater.vacuum.pinned")


def test_a_version_that_a_champion_was_trained_from_is_not_vacuumed_silently(spark, schema, pinned):
    table, full, name = pinned
    found = [pin for pin in pinned_versions(lakehouse.settings_of(spark)) if pin.model_name == name]
    assert [(pin.table, pin.version, pin.model_version, pin.alias) for pin in found] == [(full, 1, "1", "champion")]
    folder = spark.sql(f"DESCRIBE DETAIL {table}").collect()[0]["location"]
    for text in (f"VACUUM {table} RETAIN 0 HOURS", f"vacuum delta.`{folder}` retain 0 hours"):
        with pytest.raises(
            PinnedVersionError, match=f"2 files of version 1 of {full}, which the champion of {name}, "
        ) as error:
            spark.sql(text)
        assert f"To keep it: VACUUM {full} RETAIN 2 HOURS." in str(error.value)
    # What the error says to do keeps the version, and so does the default of a week; a dry run deletes nothing.
    spark.sql(f"VACUUM {table} RETAIN 2 HOURS")
    spark.sql(f"VACUUM {table}")
    assert spark.sql(f"VACUUM {table} RETAIN 0 HOURS DRY RUN").count() >= 2
    rows = spark.sql(f"SELECT id FROM {table} VERSION AS OF 1 ORDER BY id").collect()
    assert [row["id"] for row in rows] == [1, 2]
    # Given up by name, it is deleted.
    spark.sql("SET headwater.vacuum.pinned = delete")
    spark.sql(f"VACUUM {table} RETAIN 0 HOURS")
    with pytest.raises(Exception, match=r"(?s)FILE_NOT_EXIST|does not exist|not found"):
        spark.sql(f"SELECT sum(id) FROM {table} VERSION AS OF 1").collect()
    spark.conf.unset("headwater.vacuum.pinned")
    # A version that cannot be read any more holds nothing back.
    spark.sql(f"INSERT OVERWRITE {table} VALUES (5, 'd')")
    spark.sql(f"VACUUM {table} RETAIN 0 HOURS")
    assert spark.sql(f"SELECT id FROM {table}").collect()[0]["id"] == 5


def test_tables_that_no_champion_names_are_vacuumed(spark, schema, pinned):
    del pinned
    spark.sql(f"CREATE TABLE {schema}.free AS SELECT 1 AS id")
    spark.sql(f"INSERT OVERWRITE {schema}.free SELECT 2 AS id")
    spark.sql(f"VACUUM {schema}.free RETAIN 0 HOURS")
    with pytest.raises(Exception, match=r"(?s)FILE_NOT_EXIST|does not exist|not found"):
        spark.sql(f"SELECT sum(id) FROM {schema}.free VERSION AS OF 0").collect()
