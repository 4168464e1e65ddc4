"""Names are checked before anything is written, by every verb that makes something."""

from pathlib import Path

import pytest

import headwater
from headwater import FeatureEngineeringClient
from headwater.lakehouse import InvalidNameError, create_table, list_tables, quoted, table_exists
from headwater.sql import uninstall

NOT_SPARKS = ["año", "日本", "a b", "a-b", "a'b", 'a"b', "a;b", "a#b", "a?b", "a[b]", "a%b", "a:b", "a`b", "a\nb"]
NOBODYS = ["a/b", "..", "a..b", "a.b", "a\0b", "x" * 300, "a\tb"]


@pytest.fixture
def client(spark):
    headwater.session()
    yield FeatureEngineeringClient()
    uninstall(spark)


def _files(home):
    return sorted(str(path) for path in Path(home).rglob("*") if "locks" not in path.parts)


def test_names_that_spark_cannot_hold_leave_nothing_behind(spark, client, schema, home):
    create_table(spark, f"{schema}.there", spark.range(0).schema)
    before = _files(home)
    for name in [*NOT_SPARKS, *NOBODYS]:
        odd = f"{schema}.{quoted(name)}"
        makes = [
            lambda odd=odd: create_table(spark, odd, spark.range(0).schema),
            lambda odd=odd: client.create_table(name=odd, primary_keys="id", schema=spark.range(0).schema),
            lambda odd=odd: spark.sql(f"CREATE TABLE {odd} (id LONG)"),
            lambda odd=odd: spark.sql(f"CREATE TABLE IF NOT EXISTS {odd} USING delta AS SELECT 1 AS id"),
            lambda odd=odd: spark.sql(f"CREATE VIEW {odd} AS SELECT 1 AS id"),
            lambda odd=odd: spark.sql(f"ALTER TABLE {schema}.there RENAME TO {odd}"),
            lambda name=name: spark.sql(f"CREATE SCHEMA main.{quoted(name)}"),
            lambda name=name: spark.sql(f"CREATE SCHEMA {quoted(name)}"),
        ]
        for make in makes:
            with pytest.raises(
                InvalidNameError, match=r"is not a (table|view|schema) name: write it as 1 to 200 letters"
            ):
                make()
        assert not table_exists(spark, odd)
    assert _files(home) == before
    headwater.session()
    assert list_tables(spark, "main", schema.split(".")[1]) == [f"{schema}.there"]


def test_names_of_catalogs_functions_and_volumes_are_what_databricks_takes(spark, client, schema, home):
    create_table(spark, f"{schema}.there", spark.range(0).schema)
    before = _files(home)
    for name in NOBODYS:
        odd = f"{schema}.{quoted(name)}"
        makes = [
            lambda name=name: spark.sql(f"CREATE CATALOG {quoted(name)}"),
            lambda odd=odd: spark.sql(f"CREATE VOLUME {odd}"),
            lambda odd=odd: spark.sql(f"CREATE FUNCTION {odd}(x INT) RETURNS INT RETURN x + 1"),
            lambda odd=odd: spark.sql(
                f"CREATE FUNCTION {odd}(x INT) RETURNS INT LANGUAGE PYTHON AS $$\nreturn x + 1\n$$"
            ),
            lambda odd=odd: client.create_feature_spec(name=odd, features=[]),
        ]
        for make in makes:
            with pytest.raises(InvalidNameError, match="without dots, colons, blanks, slashes"):
                make()
    assert _files(home) == before
    for name in ("ml-prod", "año"):
        spark.sql(f"CREATE CATALOG {quoted(name)}")
        spark.sql(f"CREATE TABLE {quoted(name)}.default.there AS SELECT 1 AS a")
        assert spark.table(f"{quoted(name)}.default.there").collect() == [(1,)]
        spark.sql(f"DROP CATALOG {quoted(name)} CASCADE")
    spark.sql(f"CREATE FUNCTION {schema}.`año`(x INT) RETURNS INT LANGUAGE PYTHON AS $$\nreturn x + 1\n$$")
    assert spark.sql(f"SELECT {schema}.`año`(1) AS n").collect()[0]["n"] == 2


def test_the_longest_names_work(spark, client, schema):
    name = f"{schema}.{'x' * 200}"
    create_table(spark, name, spark.range(0).schema)
    assert table_exists(spark, name)
    spark.sql(f"CREATE VIEW {schema}.{'v' * 200} AS SELECT 1 AS id")
    spark.sql(f"CREATE FUNCTION {schema}.{'f' * 200}(x INT) RETURNS INT RETURN x + 1")
