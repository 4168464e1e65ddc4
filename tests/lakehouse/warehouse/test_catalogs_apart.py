"""Catalogs are apart: whatever a statement does to a table of one catalog, the table of that name in another stays as it was."""

import pytest
from delta.tables import DeltaTable
from pyspark.sql import functions as F

from headwater import lakehouse

ONE, OTHER = "apart_one", "apart_two"


@pytest.fixture(scope="module")
def catalogs(spark):
    from headwater.sql import install, uninstall

    install(spark)
    for catalog in (ONE, OTHER):
        spark.sql(f"CREATE CATALOG IF NOT EXISTS {catalog}")
    yield spark
    spark.sql("USE main.default")
    for catalog in (ONE, OTHER):
        spark.sql(f"DROP CATALOG {catalog} CASCADE")
    uninstall(spark)


@pytest.fixture
def spaces(catalogs, request):
    """Give the schema `s_…` in three catalogs, each with a table t of one row that says where it is."""
    spark = catalogs
    name = "s_" + "".join(c for c in request.node.name.lower() if c.isalnum())[-40:]
    full = {catalog: f"{catalog}.{name}" for catalog in (ONE, OTHER, "main")}
    for catalog, schema in full.items():
        spark.sql(f"CREATE SCHEMA {schema}")
        spark.sql(f"CREATE TABLE {schema}.t (id INT, at STRING) TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')")
        spark.sql(f"INSERT INTO {schema}.t VALUES (1, '{catalog}')")
    yield full
    spark.sql("USE main.default")
    for schema in full.values():
        spark.sql(f"DROP SCHEMA {schema} CASCADE")


def rows(df):
    return sorted(tuple(row) for row in df.collect())


WRITES = {
    "insert": "INSERT INTO {t} VALUES (2, 'new')",
    "insert overwrite": "INSERT OVERWRITE {t} VALUES (2, 'new')",
    "insert replace where": "INSERT INTO {t} REPLACE WHERE id = 1 VALUES (1, 'new')",
    "update": "UPDATE {t} SET at = 'new'",
    "delete": "DELETE FROM {t}",
    "merge": "MERGE INTO {t} AS t USING (SELECT 1 AS id) AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET at = 'new'",
    "truncate": "TRUNCATE TABLE {t}",
    "add column": "ALTER TABLE {t} ADD COLUMN more INT",
    "properties": "ALTER TABLE {t} SET TBLPROPERTIES ('p' = 'q')",
    "create or replace": "CREATE OR REPLACE TABLE {t} (id INT, at STRING)",
    "replace by query": "CREATE OR REPLACE TABLE {t} AS SELECT 7 AS id, 'new' AS at",
    "drop": "DROP TABLE {t}",
    "rename": "ALTER TABLE {t} RENAME TO {schema}.u",
    "restore": "RESTORE TABLE {t} TO VERSION AS OF 0",
    "optimize": "OPTIMIZE {t}",
    "vacuum": "VACUUM {t}",
    "comment": "COMMENT ON TABLE {t} IS 'new'",
    "primary key": "ALTER TABLE {t} ALTER COLUMN id SET NOT NULL",
    "check": "ALTER TABLE {t} ADD CONSTRAINT positive CHECK (id > 0)",
}


def state(spark, table):
    """Return the files of a table, with what its log says: whatever is done to it, they are no longer the same."""
    folder = lakehouse.table_folder(lakehouse.settings_of(spark).warehouse, lakehouse.complete(spark, table))
    return {
        str(file.relative_to(folder)): file.read_bytes() if file.suffix == ".json" else b""
        for file in folder.rglob("*")
        if file.is_file() and not file.name.startswith(".")
    }


@pytest.mark.slow
@pytest.mark.parametrize(("catalog", "levels"), [(ONE, 3), (ONE, 2), ("main", 3)])
def test_a_statement_changes_the_named_table_alone(catalogs, spaces, catalog, levels):
    spark, table = catalogs, f"{spaces[catalog]}.t"
    spark.sql(f"USE {spaces[catalog if levels < 3 else OTHER]}")
    others = [f"{schema}.t" for each, schema in spaces.items() if each != catalog]
    untouched = [state(spark, other) for other in others]
    for number, (name, statement) in enumerate(WRITES.items()):
        before = state(spark, table)
        spark.sql(
            statement.format(
                t=".".join(table.split(".")[-levels + (levels == 2) * number % 2 :]), schema=spaces[catalog]
            )
        )
        assert [state(spark, other) for other in others] == untouched, name
        assert state(spark, table) != before or name in {"optimize", "vacuum"}, name
        if name in {"drop", "rename"}:
            assert not state(spark, table), name
            spark.sql(f"CREATE TABLE {table} (id INT, at STRING)")
        spark.sql(f"INSERT INTO {table} (id, at) VALUES (1, 'again')")
    assert [rows(spark.table(other)) for other in others] == [[(1, each)] for each in spaces if each != catalog]


def test_every_way_to_read_takes_the_table_of_the_catalog_named(catalogs, spaces):
    spark = catalogs
    for catalog, schema in spaces.items():
        table, own = f"{schema}.t", [(1, catalog)]
        spark.sql(f"USE {schema}")
        name = schema.split(".")[1]
        read = {
            "three levels": spark.table(table),
            "two levels": spark.table(f"{name}.t"),
            "one level": spark.table("t"),
            "sql": spark.sql(f"SELECT t.id, t.at FROM {table} AS t"),
            "qualified columns": spark.sql(f"SELECT {name}.t.id, t.at FROM {name}.t"),
            "version": spark.sql(f"SELECT * FROM {table} VERSION AS OF 1"),
            "changes": spark.sql(f"SELECT id, at FROM table_changes('{table}', 1)"),
            "change feed": spark.read.option("readChangeFeed", "true")
            .option("startingVersion", 1)
            .table(table)
            .select("id", "at"),
            "delta": DeltaTable.forName(spark, table).toDF(),
            "delta, two levels": DeltaTable.forName(spark, f"{name}.t").toDF(),
            "delta, one level": DeltaTable.forName(spark, "t").toDF(),
            "verb": lakehouse.read_table(spark, table),
            "verb, one level": lakehouse.read_table(spark, "t"),
            "reader": spark.read.table(table),
        }
        assert {way: rows(df) for way, df in read.items()} == dict.fromkeys(read, own)
        scanned = lakehouse.open_arrow(spark, lakehouse.resolve(spark, table))
        assert scanned.read(["id", "at"]).to_pylist() == [{"id": 1, "at": catalog}]
        stored = lakehouse.open_stored(lakehouse.settings_of(spark), table)
        assert stored.read(["at"]).to_pylist() == [{"at": catalog}]
        assert spark.sql("SELECT current_catalog() AS c, current_schema() AS s").collect()[0] == (catalog, name)
        assert lakehouse.current_catalog(spark) == catalog
        assert spark.catalog.tableExists(table)
        assert not spark.catalog.tableExists(f"{schema}.nothing")


def test_dataframes_and_streams_write_into_the_catalog_named(catalogs, spaces, tmp_path):
    spark = catalogs
    schema = spaces[ONE]
    new = spark.createDataFrame([(2, "new")], "id INT, at STRING")
    new.write.mode("append").saveAsTable(f"{schema}.t")
    new.writeTo(f"{schema}.t").append()
    new.write.insertInto(f"{schema}.t")
    new.write.saveAsTable(f"{schema}.made")
    new.writeTo(f"{schema}.made_too").using("delta").create()
    DeltaTable.forName(spark, f"{schema}.t").update(F.expr("id = 2"), {"id": F.lit(3)})
    DeltaTable.createIfNotExists(spark).tableName(f"{schema}.built").addColumn("id", "INT").execute()
    spark.sql(f"USE {schema}")
    DeltaTable.createIfNotExists(spark).tableName("built_here").addColumn("id", "INT").execute()
    with pytest.raises(lakehouse.InvalidInputError, match="USE CATALOG main before"):
        DeltaTable.create(spark).tableName(f"{spaces['main']}.built")
    new.write.saveAsTable("made_here")
    query = (
        spark.readStream.table(f"{schema}.made")
        .writeStream.option("checkpointLocation", str(tmp_path))
        .trigger(availableNow=True)
        .toTable(f"{schema}.streamed")
    )
    assert query.awaitTermination(120)
    assert query.exception() is None
    assert rows(spark.table(f"{schema}.t")) == [(1, ONE), *[(3, "new")] * 3]
    assert rows(spark.table(f"{schema}.streamed")) == [(2, "new")]
    made = {"built", "built_here", "made", "made_here", "made_too", "streamed", "t"}
    assert {row["tableName"] for row in spark.sql("SHOW TABLES").where("NOT isTemporary").collect()} == made
    for catalog in (OTHER, "main"):
        assert rows(spark.table(f"{spaces[catalog]}.t")) == [(1, catalog)]
        assert lakehouse.list_tables(spark, catalog, spaces[catalog].split(".")[1]) == [f"{spaces[catalog]}.t"]
    warehouse = lakehouse.settings_of(spark).warehouse
    assert (warehouse / ONE / f"{schema.split('.')[1]}.db" / "made_here" / "_delta_log").is_dir()


def test_copies_go_from_one_catalog_into_another(catalogs, spaces):
    spark = catalogs
    one, other, main = (spaces[catalog] for catalog in (ONE, OTHER, "main"))
    spark.sql(f"INSERT INTO {other}.t SELECT * FROM {one}.t")
    spark.sql(f"CREATE TABLE {other}.cloned SHALLOW CLONE {one}.t")
    spark.sql(f"CREATE TABLE {other}.alike LIKE {main}.t")
    spark.sql(
        f"CREATE TABLE {main}.copied AS SELECT a.at AS l, b.at AS r FROM {one}.t a JOIN {other}.t b ON a.id = b.id"
    )
    assert rows(spark.table(f"{other}.cloned")) == [(1, ONE)]
    assert rows(spark.table(f"{other}.alike")) == []
    assert rows(spark.table(f"{main}.copied")) == [(ONE, ONE), (ONE, OTHER)]


def test_views_and_functions_belong_to_their_catalog_and_a_new_session_has_them(catalogs, spaces):
    spark = catalogs
    for catalog, schema in spaces.items():
        spark.sql(f"CREATE VIEW {schema}.v AS SELECT at, '{catalog}' AS seen FROM {schema}.t")
        spark.sql(f"CREATE FUNCTION {schema}.f(x INT) RETURNS STRING RETURN concat('{catalog}', x)")
        spark.sql(
            f"CREATE FUNCTION {schema}.g(x INT) RETURNS STRING LANGUAGE PYTHON AS $$\nreturn '{catalog}' + str(x)\n$$"
        )
    for catalog, schema in spaces.items():
        assert rows(spark.table(f"{schema}.v")) == [(catalog, catalog)]
        assert rows(spark.sql(f"SELECT {schema}.f(1), {schema}.g(2)")) == [(f"{catalog}1", f"{catalog}2")]
        spark.sql(f"USE {schema}")
        assert rows(spark.sql("SELECT f(1), g(2)")) == [(f"{catalog}1", f"{catalog}2")]
        assert "concat" in str(spark.sql(f"DESCRIBE FUNCTION EXTENDED {schema}.f").collect())
        names = {row[0].rsplit(".", 1)[-1] for row in spark.sql(f"SHOW USER FUNCTIONS IN {schema}").collect()}
        assert {each for each in names if len(each) == 1} == {"f", "g"}
        assert ("v", False) in {(row[1], row[2]) for row in spark.sql(f"SHOW TABLES IN {schema}").collect()}
    spark.sql(f"ALTER VIEW {spaces[ONE]}.v AS SELECT 'changed' AS at, 'x' AS seen")
    spark.sql(f"DROP FUNCTION {spaces[OTHER]}.f")
    spark.sql(f"DROP VIEW {spaces['main']}.v")
    lakehouse.refresh(spark)
    assert rows(spark.table(f"{spaces[ONE]}.v")) == [("changed", "x")]
    assert rows(spark.table(f"{spaces[OTHER]}.v")) == [(OTHER, OTHER)]
    assert not spark.catalog.tableExists(f"{spaces['main']}.v")
    assert rows(spark.sql(f"SELECT {spaces[ONE]}.f(1)")) == [(f"{ONE}1",)]
    with pytest.raises(Exception, match=r"UNRESOLVED_ROUTINE|ROUTINE_NOT_FOUND"):
        spark.sql(f"SELECT {spaces[OTHER]}.f(1)")
    other = spark.newSession()
    assert rows(other.table(f"{spaces[OTHER]}.v")) == [(OTHER, OTHER)]


def test_schemas_and_catalogs_are_shown_of_their_own_catalog_alone(catalogs, spaces):
    spark = catalogs
    name = spaces[ONE].split(".")[1]
    spark.sql(f"CREATE SCHEMA {ONE}.only_here COMMENT 'mine'")
    try:
        assert {row[0] for row in spark.sql(f"SHOW SCHEMAS IN {ONE}").collect()} == {"default", name, "only_here"}
        assert {row[0] for row in spark.sql(f"SHOW SCHEMAS IN {OTHER}").collect()} == {"default", name}
        for catalog in ("main", "spark_catalog"):
            shown = {row[0] for row in spark.sql(f"SHOW SCHEMAS IN {catalog}").collect()}
            assert name in shown
            assert not {each for each in shown if ":" in each or each == "only_here"}
        spark.sql(f"USE CATALOG {ONE}")
        assert spark.catalog.databaseExists("only_here")
        assert {ONE, OTHER, "main"} <= {row[0] for row in spark.sql("SHOW CATALOGS").collect()}
        said = {row[0]: row[1] for row in spark.sql(f"DESCRIBE SCHEMA {ONE}.only_here").collect()}
        assert (said["Catalog Name"], said["Comment"]) == (ONE, "mine")
    finally:
        spark.sql(f"DROP SCHEMA {ONE}.only_here")
    with pytest.raises(Exception, match="only_here"):
        spark.sql(f"SELECT * FROM {ONE}.only_here.t")


def test_a_table_that_another_catalog_has_is_named_in_the_error(catalogs, spaces):
    spark = catalogs
    spark.sql(f"DROP TABLE {spaces[ONE]}.t")
    with pytest.raises(lakehouse.TableNotFoundError, match=f"Another catalog has .*{spaces[OTHER]}.t"):
        lakehouse.read_table(spark, f"{spaces[ONE]}.t")
    with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND") as caught:
        spark.sql(f"SELECT * FROM {spaces[ONE]}.t")
    assert any(f"{spaces[OTHER]}.t" in note for note in caught.value.__notes__)


def test_a_catalog_that_is_not_there_is_said_not_to_be_there_and_one_made_elsewhere_is_found(catalogs, spaces):
    import shutil

    spark, warehouse = catalogs, lakehouse.settings_of(catalogs).warehouse
    name = spaces[ONE].split(".")[1]
    assert not lakehouse.table_exists(spark, f"nowhere.{name}.t")
    with pytest.raises(lakehouse.TableNotFoundError, match=f"no table nowhere.{name}.t. Another catalog has {ONE}"):
        lakehouse.read_table(spark, f"nowhere.{name}.t")
    with pytest.raises(Exception, match="nowhere") as caught:
        spark.sql(f"SELECT * FROM nowhere.{name}.t")
    assert any(note.startswith(f"Known catalogs: {ONE}, {OTHER}, main.") for note in caught.value.__notes__)
    (warehouse / "elsewhere").mkdir()
    shutil.copytree(warehouse / ONE / f"{name}.db", warehouse / "elsewhere" / f"{name}.db")
    assert rows(spark.sql(f"SELECT * FROM elsewhere.{name}.t")) == [(1, ONE)]
    spark.sql("DROP CATALOG elsewhere CASCADE")
    assert not (warehouse / "elsewhere").exists()


def test_what_no_catalog_holds_is_refused_with_what_to_do(catalogs, spaces):
    spark = catalogs
    with pytest.raises(Exception, match="holds Delta tables alone, found parquet"):
        spark.sql(f"CREATE TABLE {spaces[ONE]}.p (id INT) USING parquet")
    with pytest.raises(ValueError, match="keeps its catalog and schema"):
        spark.sql(f"ALTER TABLE {spaces[ONE]}.t RENAME TO {spaces[OTHER]}.u")
    with pytest.raises(lakehouse.InvalidNameError, match="catalog name"):
        lakehouse.create_table(spark, "`a:b`.s.t", spark.table(f"{spaces[ONE]}.t").schema)
