"""Volumes."""

from pathlib import Path

import pytest

from headwater.lakehouse import settings_of


def test_volumes_are_folders(spark, schema, tmp_path):
    spark.sql(f"CREATE VOLUME {schema}.files COMMENT 'raw'")
    spark.sql(f"CREATE EXTERNAL VOLUME {schema}.other LOCATION '{tmp_path}'")
    folder = settings_of(spark).home / "volumes" / schema.replace(".", "/") / "files"
    assert folder.is_dir()
    (folder / "a.txt").write_text("x")
    (folder.parent / "other" / "b.txt").write_text("y")
    name = schema.split(".")[1]
    assert spark.sql(f"SHOW VOLUMES IN {schema}").collect() == [(name, "files"), (name, "other")]
    assert spark.sql(f"DESCRIBE VOLUME {schema}.files").collect()[0]["storageLocation"] == str(folder)
    spark.sql(f"DROP VOLUME {schema}.other")
    assert (Path(tmp_path) / "b.txt").exists()
    with pytest.raises(ValueError, match="has volumes"):
        spark.sql(f"DROP SCHEMA {schema}")
    spark.sql(f"DROP VOLUME {schema}.files")
    spark.sql(f"DROP VOLUME IF EXISTS {schema}.files")
    assert not folder.exists()
    with pytest.raises(ValueError, match="no volume"):
        spark.sql(f"DROP VOLUME {schema}.files")
