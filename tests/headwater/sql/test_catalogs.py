"""Catalogs, schemas, volumes, grants, views: made, shown, dropped."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headwater import lakehouse
from headwater.lakehouse import settings_of


def _rows(df):
    return [tuple(row) for row in df.collect()]


def test_catalogs_are_made_used_shown_and_dropped(spark):
    spark.sql("CREATE CATALOG IF NOT EXISTS cat_a MANAGED LOCATION 's3://x' COMMENT 'first'")
    spark.sql("CREATE CATALOG IF NOT EXISTS cat_a")
    with pytest.raises(lakehouse.HeadwaterError, match="cat_a exists already"):
        spark.sql("CREATE CATALOG cat_a")
    assert ("cat_a",) in _rows(spark.sql("SHOW CATALOGS"))
    assert _rows(spark.sql("SHOW CATALOGS LIKE 'cat_*'")) == [("cat_a",)]
    spark.sql("CREATE SCHEMA cat_a.sch COMMENT 'it''s' MANAGED LOCATION 's3://y'")
    spark.sql("USE CATALOG cat_a")
    spark.sql("USE SCHEMA sch")
    assert str(lakehouse.complete(spark, "t")) == "cat_a.sch.t"
    spark.sql("CREATE TABLE t (id INT PRIMARY KEY)")
    # Temporary views, which the session may have from elsewhere, stand in every schema.
    shown = _rows(spark.sql("SHOW TABLES IN cat_a.sch").where("NOT isTemporary"))
    assert shown == [("sch", "t", False)]
    spark.sql("SET CATALOG main")
    spark.sql("USE cat_a.sch")
    assert spark.table("t").count() == 0
    spark.sql("USE main.default")
    spark.sql("ALTER CATALOG cat_a SET TAGS ('env' = 'dev')")
    spark.sql("ALTER CATALOG cat_a OWNER TO `me@x.y`")
    spark.sql("COMMENT ON CATALOG cat_a IS 'second'")
    said = dict(_rows(spark.sql("DESCRIBE CATALOG EXTENDED cat_a")))
    assert said == {"Catalog Name": "cat_a", "Comment": "second", "Owner": "me@x.y", "Tags": "env=dev"}
    with pytest.raises(ValueError, match=r"has schemas: sch.*CASCADE"):
        spark.sql("DROP CATALOG cat_a")
    spark.sql("DROP CATALOG cat_a CASCADE")
    assert not (settings_of(spark).warehouse / "cat_a").exists()
    assert _rows(spark.sql("SHOW CATALOGS LIKE 'cat_a'")) == []
    with pytest.raises(Exception, match="cat_a"):
        spark.sql("SELECT * FROM cat_a.sch.t")
    spark.sql("DROP CATALOG IF EXISTS cat_a")


def test_what_is_not_there_is_named_with_what_is(spark):
    with pytest.raises(ValueError, match=r"no catalog nope.* Known: .*main.*CREATE CATALOG nope"):
        spark.sql("USE CATALOG nope")
    with pytest.raises(ValueError, match="no catalog nope"):
        spark.sql("CREATE SCHEMA nope.s")
    with pytest.raises(ValueError, match="no schema nope"):
        spark.sql("CREATE VOLUME main.nope.v")
    with pytest.raises(ValueError, match="main is the catalog that this session started with"):
        spark.sql("DROP CATALOG main")
    with pytest.raises(ValueError, match=r"Expected \), found 'v' in line 2, column 15"):
        spark.sql("ALTER CATALOG main\n  SET TAGS ('k' 'v')".replace("'k' 'v'", "k 'v'"))


def test_schemas_keep_comments_tags_and_owners(spark, schema):
    spark.sql(f"COMMENT ON SCHEMA {schema} IS 'what it is'")
    spark.sql(f"ALTER SCHEMA {schema} SET TAGS ('a' = 'b')")
    spark.sql(f"ALTER DATABASE {schema} SET OWNER TO someone")
    said = dict(_rows(spark.sql(f"DESCRIBE SCHEMA EXTENDED {schema}")))
    assert (said["Catalog Name"], said["Comment"], said["Owner"], said["Tags"]) == (
        "main",
        "what it is",
        "someone",
        "a=b",
    )


def test_volumes_are_folders(spark, schema, tmp_path):
    spark.sql(f"CREATE VOLUME {schema}.files COMMENT 'raw'")
    spark.sql(f"CREATE EXTERNAL VOLUME {schema}.other LOCATION '{tmp_path}'")
    folder = settings_of(spark).home / "volumes" / schema.replace(".", "/") / "files"
    assert folder.is_dir()
    (folder / "a.txt").write_text("x")
    (folder.parent / "other" / "b.txt").write_text("y")
    name = schema.split(".")[1]
    assert _rows(spark.sql(f"SHOW VOLUMES IN {schema}")) == [(name, "files"), (name, "other")]
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


def test_grants_are_kept_and_shown_with_those_of_what_holds_the_thing(spark, schema):
    spark.sql(f"CREATE TABLE {schema}.t (id INT)")
    spark.sql(f"GRANT SELECT, MODIFY ON TABLE {schema}.t TO `a b`")
    spark.sql(f"GRANT USE SCHEMA ON SCHEMA {schema} TO users")
    spark.sql(f"REVOKE MODIFY ON {schema}.t FROM `a b`")
    found = _rows(spark.sql(f"SHOW GRANTS ON TABLE {schema}.t"))
    assert found == [("a b", "SELECT", "TABLE", f"{schema}.t"), ("users", "USE SCHEMA", "SCHEMA", schema)]
    assert _rows(spark.sql(f"SHOW GRANTS `a b` ON TABLE {schema}.t")) == found[:1]
    with pytest.raises(lakehouse.TableNotFoundError):
        spark.sql(f"GRANT SELECT ON TABLE {schema}.nope TO users")


def test_views_stay_when_tables_are_registered_anew_and_go_when_dropped(spark, schema):
    spark.sql(f"CREATE TABLE {schema}.t AS SELECT 1 AS a")
    spark.sql(f"CREATE OR REPLACE TEMP VIEW passing AS SELECT * FROM {schema}.t")
    spark.sql(f"CREATE VIEW {schema}.v AS SELECT a + 1 AS b FROM {schema}.t")
    spark.sql(f"ALTER VIEW {schema}.v AS SELECT a + 2 AS b FROM {schema}.t")
    spark.sql(f"ALTER VIEW {schema}.v SET TAGS ('k' = 'x')")
    lakehouse.refresh(spark)
    assert _rows(spark.table(f"{schema}.v")) == [(3,)]
    file = settings_of(spark).warehouse / f"{schema.split('.')[1]}.db" / "_views" / "v.json"
    assert file.exists()
    spark.sql(f"DROP VIEW {schema}.v")
    spark.sql(f"DROP VIEW IF EXISTS {schema}.v")
    assert not file.exists()
    spark.catalog.dropTempView("passing")


def test_other_session_objects_understand_the_same_statements(spark):
    spark.sql("CREATE CATALOG IF NOT EXISTS cat_b")
    for other in (SparkSession.getActiveSession(), spark.newSession(), spark.range(1).sparkSession):
        assert ("cat_b",) in _rows(other.sql("SHOW CATALOGS"))
        assert other.sql("SHOW SCHEMAS IN cat_b").count() > 0
    spark.sql("DROP CATALOG cat_b")


def test_a_table_that_another_process_made_is_found(spark, schema, home):
    import shutil

    spark.sql(f"CREATE TABLE {schema}.t AS SELECT 7 AS a")
    folder = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db"
    shutil.copytree(folder / "t", folder / "elsewhere")
    assert _rows(spark.sql(f"SELECT a FROM {schema}.elsewhere")) == [(7,)]
    with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.sql(f"SELECT a FROM {schema}.nowhere")


@pytest.mark.parametrize("used", ["main", "p03"])
@pytest.mark.parametrize("name", ["p03", "main"])
def test_two_levels_mean_a_schema_of_the_current_catalog_also_where_a_catalog_has_its_name(spark, used, name):
    spark.sql("CREATE CATALOG p03")
    other = {"main": "p03", "p03": "main"}[used]
    try:
        for catalog in (used, other):
            spark.sql(f"CREATE SCHEMA {catalog}.{name}")
        spark.sql(f"USE CATALOG {used}")
        lakehouse.refresh(spark)
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {name}")
        spark.sql(f"CREATE TABLE {name}.t (id INT PRIMARY KEY)")
        spark.sql(f"INSERT INTO {name}.t VALUES (7)")
        spark.createDataFrame([(8,)], "id INT").write.mode("append").saveAsTable(f"{name}.t")
        for read in (spark.table, spark.read.table, lambda table: spark.sql(f"SELECT id FROM {table}")):
            assert sorted(_rows(read(f"{name}.t"))) == [(7,), (8,)]
        assert sorted(_rows(spark.sql(f"SELECT id FROM {used}.{name}.t WHERE id > :n", args={"n": 0}))) == [(7,), (8,)]
        assert not lakehouse.table_exists(spark, f"{other}.{name}.t")
        assert (name, "t", False) in _rows(spark.sql(f"SHOW TABLES IN {used}.{name}"))
        spark.sql(f"ALTER TABLE {used}.{name}.t RENAME TO {used}.{name}.u")
        spark.sql(f"CREATE FUNCTION {used}.{name}.f(x INT) RETURNS INT LANGUAGE PYTHON AS $$\nreturn x + 1\n$$")
        assert sorted(_rows(spark.sql(f"SELECT {used}.{name}.f(id) FROM {name}.u"))) == [(8,), (9,)]
        assert lakehouse.read_table(spark, f"{name}.u").count() == 2
        with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND"):
            spark.sql(f"SELECT * FROM {name}.nothing")
        assert str(lakehouse.complete(spark, "x.t")) == f"{used}.x.t"
    finally:
        spark.sql("USE CATALOG main")
        spark.sql("DROP CATALOG p03 CASCADE")
        spark.sql(f"DROP SCHEMA IF EXISTS main.{name} CASCADE")
