"""Python functions as features: stored by a decorator, carried by the spec, the same by rows and on Spark."""

import datetime as dt

from pyspark.sql import functions as F

from headwater.features import FeatureSpec, create_training_set, feature_function, get_function


def test_a_decorated_function_is_a_feature_and_a_spec_keeps_the_one_it_was_made_with(spark, schema):
    @feature_function(f"{schema}.margin")
    def margin(price: float, cost: float | None) -> float | None:
        return None if cost is None else round(price - cost, 2)

    assert margin(3.0, 1.0) == 2.0
    assert margin.name == f"{schema}.margin"
    assert "feature_function" not in margin.stored.source
    df = spark.createDataFrame([(3.0, 1.0), (3.0, None)], "price double, cost double")
    training_set = create_training_set(df, [margin.bind("m", price="price", cost="cost")], None)

    @feature_function(f"{schema}.margin")
    def another(price: float, cost: float | None) -> float | None:
        return -1.0

    assert another(3.0, 1.0) == -1.0
    assert get_function(spark, f"{schema}.margin").compiled()(3.0, 1.0) == -1.0
    spec = FeatureSpec.from_yaml(training_set.feature_spec.to_yaml())
    assert spec.functions[0].function.compiled()(3.0, 1.0) == 2.0
    assert sorted(training_set.load_df().select("m").collect(), key=str) == [(2.0,), (None,)]


def test_a_function_gives_the_same_by_rows_as_in_arrow_batches(spark, schema):
    @feature_function(f"{schema}.told")
    def told(at: dt.datetime | None, n: int | None, s: str | None, day: dt.date | None, flag: bool | None) -> str:
        return f"{at:%H:%M}|{n}|{s}|{day}|{flag}" if at is not None else f"-|{n}|{s}|{day}|{flag}"

    at = dt.datetime(2024, 3, 1, 23, 30, tzinfo=dt.UTC)
    rows = [(at, 2**53 + 1, "é", at.date(), True), (None, None, None, None, None), (at, -1, "", None, False)]
    df = spark.createDataFrame(rows, "at timestamp, n long, s string, day date, flag boolean")
    column = told.stored.column(*[F.col(name) for name in df.columns])
    assert sorted(row[0] for row in df.select(column).collect()) == sorted(told(*row) for row in rows)
