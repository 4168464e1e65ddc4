"""Catalogs: made, used, shown, dropped."""

import pytest

from headwater import lakehouse
from headwater.lakehouse import settings_of


def test_catalogs_are_made_used_shown_and_dropped(spark):
    spark.sql("CREATE CATALOG IF NOT EXISTS cat_a MANAGED LOCATION 's3://x' COMMENT 'first'")
    spark.sql("CREATE CATALOG IF NOT EXISTS cat_a")
    with pytest.raises(lakehouse.HeadwaterError, match="cat_a exists already"):
        spark.sql("CREATE CATALOG cat_a")
    assert ("cat_a",) in spark.sql("SHOW CATALOGS").collect()
    assert spark.sql("SHOW CATALOGS LIKE 'cat_*'").collect() == [("cat_a",)]
    spark.sql("CREATE SCHEMA cat_a.sch COMMENT 'it''s' MANAGED LOCATION 's3://y'")
    spark.sql("USE CATALOG cat_a")
    spark.sql("USE SCHEMA sch")
    assert str(lakehouse.complete(spark, "t")) == "cat_a.sch.t"
    spark.sql("CREATE TABLE t (id INT PRIMARY KEY)")
    # Temporary views, which the session may have from elsewhere, stand in every schema.
    shown = spark.sql("SHOW TABLES IN cat_a.sch").where("NOT isTemporary").collect()
    assert shown == [("sch", "t", False)]
    spark.sql("SET CATALOG main")
    spark.sql("USE cat_a.sch")
    assert spark.table("t").count() == 0
    spark.sql("USE main.default")
    spark.sql("ALTER CATALOG cat_a SET TAGS ('env' = 'dev')")
    spark.sql("ALTER CATALOG cat_a OWNER TO `me@x.y`")
    spark.sql("COMMENT ON CATALOG cat_a IS 'second'")
    said = dict(spark.sql("DESCRIBE CATALOG EXTENDED cat_a").collect())
    assert said == {"Catalog Name": "cat_a", "Comment": "second", "Owner": "me@x.y", "Tags": "env=dev"}
    with pytest.raises(ValueError, match=r"has schemas: sch.*CASCADE"):
        spark.sql("DROP CATALOG cat_a")
    spark.sql("DROP CATALOG cat_a CASCADE")
    assert not (settings_of(spark).warehouse / "cat_a").exists()
    assert spark.sql("SHOW CATALOGS LIKE 'cat_a'").collect() == []
    with pytest.raises(Exception, match="cat_a"):
        spark.sql("SELECT * FROM cat_a.sch.t")
    spark.sql("DROP CATALOG IF EXISTS cat_a")


def test_what_is_not_there_is_named_with_what_is(spark):
    with pytest.raises(ValueError, match=r"no catalog nope.* Known: .*main.*CREATE CATALOG nope"):
        spark.sql("USE CATALOG nope")
    with pytest.raises(ValueError, match="no catalog nope"):
        spark.sql("CREATE SCHEMA nope.s")
    with pytest.raises(ValueError, match=r"no schema main\.nope"):
        spark.sql("CREATE VOLUME main.nope.v")
    with pytest.raises(ValueError, match="main is the catalog that this session started with"):
        spark.sql("DROP CATALOG main")
    with pytest.raises(ValueError, match=r"Expected \), found 'v' in line 2, column 15"):
        spark.sql("ALTER CATALOG main\n  SET TAGS ('k' 'v')".replace("'k' 'v'", "k 'v'"))


@pytest.mark.parametrize(("name", "used"), [("p03", "main"), ("p03", "p03"), ("main", "p03")])
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
        reads = [lambda table: spark.sql(f"SELECT id FROM {table}")]
        if name == "main":  # a schema of this name is SQL's alone: see decision 2
            spark.sql("INSERT INTO main.t VALUES (8)")
        else:
            spark.createDataFrame([(8,)], "id INT").write.mode("append").saveAsTable(f"{name}.t")
            reads += [spark.table, spark.read.table]
        for read in reads:
            assert sorted(read(f"{name}.t").collect()) == [(7,), (8,)]
        assert sorted(spark.sql(f"SELECT id FROM {used}.{name}.t WHERE id > :n", args={"n": 0}).collect()) == [
            (7,),
            (8,),
        ]
        assert not lakehouse.table_exists(spark, f"{other}.{name}.t")
        assert (name, "t", False) in spark.sql(f"SHOW TABLES IN {used}.{name}").collect()
        spark.sql(f"ALTER TABLE {used}.{name}.t RENAME TO {used}.{name}.u")
        spark.sql(f"CREATE FUNCTION {used}.{name}.f(x INT) RETURNS INT LANGUAGE PYTHON AS $$\nreturn x + 1\n$$")
        assert sorted(spark.sql(f"SELECT {used}.{name}.f(id) FROM {name}.u").collect()) == [(8,), (9,)]
        assert lakehouse.read_table(spark, f"{name}.u").count() == 2
        with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND"):
            spark.sql(f"SELECT * FROM {name}.nothing")
        assert str(lakehouse.complete(spark, "x.t")) == f"{used}.x.t"
    finally:
        spark.sql("USE CATALOG main")
        spark.sql("DROP CATALOG p03 CASCADE")
        spark.sql(f"DROP SCHEMA IF EXISTS main.{name} CASCADE")
