"""What a packaged model looks up on a worker, or where no Spark runs, is what Spark gives."""

import datetime as dt
import random

import pandas as pd
import pytest

from headwater import features, lakehouse
from headwater.features import FeatureFunction, FeatureLookup


@pytest.fixture
def world(spark, schema):
    """Give a training set of a time series, a plain table and a function, with defaults; times, keys and values have gaps."""
    dice = random.Random(3)

    def day():
        return dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=dice.randrange(400))

    times = {(dice.choice("abc"), day()) for _ in range(120)}
    rows = [(key, at, dice.choice([None, dice.random()]), dice.choice([None, 7, 8])) for key, at in sorted(times)]
    history = spark.createDataFrame(rows, "key string, ts timestamp, v double, n int")
    features.create_feature_table(spark, f"{schema}.history", ["key", "ts"], history, "ts")
    plain = spark.createDataFrame(
        [("a", 1, dt.date(2024, 1, 1)), ("b", None, None)], "key string, size long, since date"
    )
    features.create_feature_table(spark, f"{schema}.plain", ["key"], plain)

    def more(size: float | None, n: int | None) -> float | None:
        return None if size is None else size + (n or 0)

    features.create_function(spark, more, f"{schema}.more")
    asked = [(i, dice.choice(["a", "b", "c", "d", None]), dice.choice([None, day(), rows[i][1]])) for i in range(80)]
    spine = spark.createDataFrame(asked, "i int, key string, at timestamp")
    lookups = [
        FeatureLookup(
            f"{schema}.history",
            "key",
            timestamp_lookup_key="at",
            lookback_window=dt.timedelta(hours=60),
            rename_outputs={"v": "value"},
            default_values={"value": -1.0},
        ),
        FeatureLookup(f"{schema}.plain", "key", default_values={"size": 5}),
        FeatureFunction(udf_name=f"{schema}.more", input_bindings={"size": "value", "n": "n"}),
    ]
    return features.create_training_set(spine, lookups, None)


def _sorted(frame, columns):
    frame = frame[columns].sort_values("i", ignore_index=True)
    return frame.assign(since=pd.to_datetime(frame["since"])).astype({"more": "float64", "n": "float64"})


def test_lookups_functions_and_defaults_give_what_spark_gives(spark, world):
    spec = world.feature_spec
    expected = features.evaluate(spec, world.df, versions="newest").toPandas()
    found = features.evaluate_without_spark(spec, world.df.toPandas(), lakehouse.settings_of(spark))
    columns = ["i", "key", "at", "value", "n", "size", "since", "more"]
    assert expected["value"].nunique() > 10
    pd.testing.assert_frame_equal(_sorted(found, columns), _sorted(expected, columns), check_dtype=False)
    given = world.df.toPandas().assign(value=3.0, n=pd.array([4] * 80, "Int32"))
    assert set(features.evaluate_without_spark(spec, given, lakehouse.settings_of(spark))["more"]) == {7.0}


def test_what_is_missing_or_not_in_the_store_is_said(spark, world, tmp_path):
    with pytest.raises(ValueError, match=r"'at'.*needed to look features up"):
        features.evaluate_without_spark(
            world.feature_spec, pd.DataFrame({"key": ["a"], "i": [1]}), lakehouse.Settings()
        )
    rows = world.df.limit(2).toPandas()
    with pytest.raises(
        ValueError, match=r"value, n cannot be looked up without Spark: .*history is not in the embedded store"
    ):
        features.evaluate_without_spark(world.feature_spec, rows, lakehouse.Settings(home=tmp_path))
