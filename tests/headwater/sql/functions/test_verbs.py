"""Functions of SQL and Python: made, called, replaced, dropped."""

import pytest

from headwater import lakehouse
from headwater.features import CatalogFunction, FeatureFunction, create_function, create_training_set, get_function


@pytest.fixture
def scaled(spark, schema):
    spark.sql(f"""
        CREATE FUNCTION {schema}.scaled(a DOUBLE COMMENT 'what', by INT DEFAULT 1 + 1, unit STRING DEFAULT 'it''s')
        RETURNS DOUBLE LANGUAGE PYTHON DETERMINISTIC COMMENT 'a times by'
        AS $$
          # in the body, 'quotes' are Python's
          def times(x):
              return x * by
          return None if a is None else times(a)
        $$""")
    return f"{schema}.scaled"


def test_a_python_function_is_called_from_sql_by_its_full_name(spark, schema, scaled):
    df = spark.createDataFrame([(1, 1.5), (2, None)], "id int, v double")
    df.createOrReplaceTempView("scaled_rows")
    query = (
        f"SELECT id, {scaled}(v, 10) AS ten, {scaled}(id) AS two, {scaled}(by => 3, a => v) AS three FROM scaled_rows"
    )
    assert sorted(map(tuple, spark.sql(query).collect())) == [(1, 15.0, 2.0, 4.5), (2, None, 4.0, None)]
    total = spark.sql(f"SELECT sum({scaled}({scaled}(id))) FROM scaled_rows WHERE {scaled}(id) > 2").collect()[0][0]
    assert total == 8.0
    assert [row[0] for row in df.selectExpr(f"{scaled}(id)").collect()] == [2.0, 4.0]
    spark.sql(f"CREATE VIEW {schema}.v AS SELECT {scaled}(1.5) AS x")
    assert spark.table(f"{schema}.v").collect()[0][0] == 3.0
    spark.catalog.dropTempView("scaled_rows")
    assert spark.newSession().sql(f"SELECT {scaled}(2)").collect()[0][0] == 4.0


def test_a_python_function_of_sql_is_a_feature_function(spark, scaled):
    df = spark.createDataFrame([(1, 1.5, 4, "u", 0)], "id int, v double, k int, u string, y int")
    function = FeatureFunction(udf_name=scaled, input_bindings={"a": "v", "by": "k", "unit": "u"}, output_name="f")
    assert create_training_set(df, [function], "y").load_df().collect()[0]["f"] == 6.0
    stored = get_function(spark, scaled)
    assert CatalogFunction.from_dict(stored.to_dict()) == stored
    assert stored.parameters == (("a", "double"), ("by", "int"), ("unit", "string"))


def test_functions_are_replaced_described_listed_and_dropped(spark, schema, scaled):
    make = f"FUNCTION {scaled}() RETURNS ARRAY<INT> LANGUAGE PYTHON AS $$ return [1, 2] $$"
    with pytest.raises(lakehouse.HeadwaterError, match="CREATE OR REPLACE FUNCTION"):
        spark.sql(f"CREATE {make}")
    spark.sql(f"CREATE {make}".replace("FUNCTION", "FUNCTION IF NOT EXISTS"))
    said = "\n".join(row[0] for row in spark.sql(f"DESCRIBE FUNCTION EXTENDED {scaled}").collect())
    for part in ("Language:      PYTHON", "a DOUBLE 'what', by INT", "a times by", "return None if a is None"):
        assert part in said
    spark.sql(f"CREATE OR REPLACE {make}")
    assert spark.sql(f"SELECT {scaled}() FROM range(2)").collect() == [([1, 2],)] * 2
    spark.sql(f"CREATE FUNCTION {schema}.plus(a INT) RETURNS INT RETURN a + 1")
    assert spark.sql(f"SELECT {schema}.plus(1)").collect()[0][0] == 2
    listed = [row[0].rsplit(".", 1)[-1] for row in spark.sql(f"SHOW USER FUNCTIONS IN {schema}").collect()]
    assert {"plus", "scaled"} <= set(listed)
    assert not any(name.endswith("__python") for name in listed)
    for name in ("plus", "scaled"):
        spark.sql(f"DROP FUNCTION {schema}.{name}")
        spark.sql(f"DROP FUNCTION IF EXISTS {schema}.{name}")
    with pytest.raises(Exception, match="UNRESOLVED_ROUTINE"):
        spark.sql(f"SELECT {scaled}()")
    with pytest.raises(ValueError, match="There is no function"):
        spark.sql(f"DROP FUNCTION {scaled}")


def test_a_function_made_by_python_is_called_from_sql_too_and_anew_when_it_changes(spark, schema):
    def doubled(x: float) -> float | None:
        return None if x is None else 2 * x

    create_function(spark, doubled, f"{schema}.doubled")
    assert spark.sql(f"SELECT {schema}.doubled(4)").collect()[0][0] == 8.0

    def halved(x: float) -> float | None:
        return None if x is None else x / 2

    create_function(spark, halved, f"{schema}.doubled")
    assert spark.sql(f"SELECT {schema}.doubled(4)").collect()[0][0] == 2.0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("f(a INT) RETURNS INT LANGUAGE PYTHON AS $$ return ( $$", "is not Python"),
        ("f(a INT) RETURNS INT LANGUAGE PYTHON AS $$ $$", "is empty"),
        ("f(a NOPE) RETURNS INT LANGUAGE PYTHON AS $$ return 1 $$", "type 'NOPE' that Spark does not know"),
        ("f(a INT) LANGUAGE PYTHON AS $$ return 1 $$", "Expected RETURNS type before AS"),
        ("f(a INT) RETURNS INT LANGUAGE PYTHON HANDLER 'x' AS $$ return 1 $$", "found 'HANDLER'"),
    ],
)
def test_a_function_that_cannot_be_is_refused_with_a_reason(spark, schema, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        spark.sql(f"CREATE FUNCTION {schema}.{text}")
