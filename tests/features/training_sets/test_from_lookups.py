"""Training sets: lookups, functions, and what is refused when they are made."""

import datetime as dt

import pytest
from pyspark.sql import functions as F

from headwater import lakehouse
from headwater.features import (
    FeatureFunction,
    FeatureLookup,
    FeatureSpec,
    create_feature_table,
    create_function,
    create_training_set,
    get_function,
    write_feature_table,
)

AT = dt.datetime(2024, 1, 10, 12)
DAY = dt.timedelta(days=1)


def half(x: float | None) -> float | None:
    """Return the half."""
    return None if x is None else x / 2


def month(at: dt.datetime) -> int:
    """Return the month."""
    return at.month


@pytest.fixture
def store(spark, schema):
    shops = spark.createDataFrame([(1, "north", 10.0), (2, None, 20.0)], "shop long, region string, size double")
    create_feature_table(spark, f"{schema}.shops", "shop", shops)
    sales = [(1, AT - DAY, 1.0, None), (1, AT, 2.0, 5), (1, AT + DAY, 3.0, 6), (2, AT - 9 * DAY, 9.0, 7)]
    df = spark.createDataFrame(sales, "shop long, ts timestamp, amount double, pieces int")
    create_feature_table(spark, f"{schema}.sales", ["shop", "ts"], df, timeseries_column="ts")
    regions = spark.createDataFrame([("north", 0.5)], "region string, tax double")
    create_feature_table(spark, f"{schema}.regions", "region", regions)
    create_function(spark, half, f"{schema}.half")
    create_function(spark, month, f"{schema}.month")
    return schema


@pytest.fixture
def spine(spark):
    rows = [(1, 1, AT, 0.0), (2, 2, AT, 1.0), (3, None, AT, 0.0), (4, 1, None, 1.0), (4, 1, None, 1.0)]
    return spark.createDataFrame(rows, "id long, store long, at timestamp, y double")


def _sales(schema, **options):
    return FeatureLookup(f"{schema}.sales", "store", timestamp_lookup_key="at", **options)


def test_rule_20_columns_come_in_the_stated_order_and_every_row_once(spark, store, spine):
    lookups = [
        _sales(store, rename_outputs={"amount": "sold", "nothing": "x"}),
        FeatureFunction(udf_name=f"{store}.half", input_bindings={"x": "sold"}, output_name="half_sold"),
        FeatureLookup(f"{store}.shops", "store", feature_names="size", default_values={"size": -1.0}),
    ]
    training_set = create_training_set(spine, lookups, "y", ["store", "at"])
    df = training_set.load_df()
    assert df.columns == ["id", "sold", "pieces", "size", "half_sold", "y"]
    assert sorted(df.collect(), key=str) == [
        (1, 2.0, 5, 10.0, 1.0, 0.0),
        (2, 9.0, 7, 20.0, 4.5, 1.0),
        (3, None, None, -1.0, None, 0.0),
        (4, None, None, 10.0, None, 1.0),
        (4, None, None, 10.0, None, 1.0),
    ]


def test_rule_17_functions_still_see_the_null_that_a_default_replaces(store, spine):
    lookups = [
        FeatureLookup(f"{store}.shops", "store", feature_names="size", default_values={"size": 8.0}),
        FeatureFunction(udf_name=f"{store}.half", input_bindings={"x": "size"}),
    ]
    rows = create_training_set(spine, lookups, None).load_df().where("id = 3").collect()
    assert (rows[0]["size"], rows[0]["half"]) == (8.0, None)


def test_rule_22_a_key_may_be_the_output_of_another_lookup(store, spine):
    lookups = [FeatureLookup(f"{store}.regions", "region"), FeatureLookup(f"{store}.shops", "store")]
    rows = create_training_set(spine, lookups, "y").load_df().where("id = 1").collect()
    assert rows[0]["tax"] == 0.5


def test_rule_24_lookback_is_inclusive_and_zero_is_an_exact_match(spark, store):
    spine = spark.createDataFrame([(1, AT + DAY / 2), (1, AT + DAY), (2, AT)], "store long, at timestamp")
    by_window = {
        window: [
            row["amount"]
            for row in create_training_set(spine, [_sales(store, lookback_window=window)], None)
            .load_df()
            .orderBy("store", "at")
            .collect()
        ]
        for window in (dt.timedelta(0), DAY / 2, 9 * DAY, 9 * DAY - dt.timedelta(microseconds=1))
    }
    assert list(by_window.values()) == [[None, 3.0, None], [2.0, 3.0, None], [2.0, 3.0, 9.0], [2.0, 3.0, None]]


def test_rows_are_read_as_the_tables_were_when_the_training_set_was_made(spark, store, spine):
    training_set = create_training_set(spine, [FeatureLookup(f"{store}.shops", "store", feature_names="size")], "y")
    write_feature_table(spark.sql("SELECT 1L AS shop, 99D AS size"), f"{store}.shops")
    sizes = {row["size"] for row in training_set.load_df().where("id = 1").collect()}
    assert sizes == {10.0}
    assert list(training_set.feature_spec.table_versions) == [f"{store}.shops"]


def test_an_excluded_column_that_is_not_there_is_warned_of_since_public_tutorials_have_it(store, spine):
    with pytest.warns(UserWarning, match=r"exclude_columns names 'nope', which is no column of df and no feature"):
        made = create_training_set(spine, [FeatureLookup(f"{store}.shops", "store")], "y", ["id", "nope"])
    assert "id" not in made.load_df().columns


def test_a_spec_in_yaml_is_the_same_spec(store, spine):
    lookups = [
        _sales(store, lookback_window=DAY / 7, default_values={"pieces": 3}),
        FeatureFunction(udf_name=f"{store}.half", input_bindings={"x": "amount"}),
        FeatureLookup(f"{store}.shops", "store"),
    ]
    spec = create_training_set(spine, lookups, "y", "id").feature_spec
    assert FeatureSpec.from_yaml(spec.to_yaml()) == spec


@pytest.mark.parametrize(
    ("lookups", "label", "exclude", "sentence"),
    [
        (lambda s: [FeatureLookup(f"{s}.nope", "store")], "y", None, "There is no table"),
        (lambda s: [FeatureLookup(f"{s}.shops", "store")], "z", None, "'z' is not in df .labels"),
        (lambda s: [FeatureLookup(f"{s}.shops", "store")], "y", "y", "y cannot be a label and excluded"),
        (
            lambda s: [FeatureLookup(f"{s}.shops", ["store", "id"])],
            "y",
            None,
            r"has the keys \(shop\), lookup_key gives 2",
        ),
        (lambda s: [FeatureLookup(f"{s}.shops", "nope")], "y", None, r"needs 'nope', which is no column of df"),
        (lambda s: [FeatureLookup(f"{s}.shops", "y")], None, None, "'y' is double, must be bigint"),
        (lambda s: [FeatureLookup(f"{s}.shops", "store", feature_names="sise")], "y", None, "Did you mean 'size'"),
        (lambda s: [FeatureLookup(f"{s}.sales", "store")], "y", None, "needs a timestamp_lookup_key"),
        (lambda s: [FeatureLookup(f"{s}.shops", "store", timestamp_lookup_key="at")], "y", None, "takes no timestamp"),
        (lambda s: [FeatureLookup(f"{s}.shops", "store", rename_outputs={"size": "id"})], "y", None, "'id' would come"),
        (
            lambda s: [FeatureLookup(f"{s}.shops", "store"), FeatureLookup(f"{s}.shops", "store")],
            "y",
            None,
            "would come",
        ),
        (
            lambda s: [FeatureLookup(f"{s}.shops", "store", default_values={"x": 1})],
            "y",
            None,
            "'x' is not in the outputs",
        ),
        (lambda s: [FeatureFunction(udf_name=f"{s}.half")], "y", None, "'x' is not in the input_bindings"),
        (
            lambda s: [FeatureFunction(udf_name=f"{s}.hafl", input_bindings={"x": "y"})],
            None,
            None,
            "Did you mean .*half",
        ),
        (
            lambda s: [FeatureFunction(udf_name=f"{s}.half", input_bindings={"x": "y", "z": "y"})],
            None,
            None,
            "'z' is not in the parameters",
        ),
        (lambda _: ["shops"], "y", None, "takes FeatureLookup and FeatureFunction, found 'shops'"),
    ],
)
def test_rule_19_what_cannot_work_is_refused_when_the_training_set_is_made(
    store, spine, lookups, label, exclude, sentence
):
    with pytest.raises((ValueError, lakehouse.TableNotFoundError), match=sentence):
        create_training_set(spine, lookups(store), label, exclude)


def test_rule_6_a_date_key_that_is_not_the_time_key_is_refused(spark, store):
    days = spark.sql("SELECT DATE'2024-01-01' AS day, 1D AS v")
    create_feature_table(spark, f"{store}.days", "day", days)
    with pytest.raises(ValueError, match="has the date key 'day', which is not its time series column"):
        create_training_set(days.drop("v"), [FeatureLookup(f"{store}.days", "day")], None)


def test_rule_16_one_lookback_per_table(store, spine):
    lookups = [_sales(store, feature_names="amount", lookback_window=DAY), _sales(store, feature_names="pieces")]
    with pytest.raises(ValueError, match="several lookback windows"):
        create_training_set(spine, lookups, "y")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"lookback_window": DAY}, "needs a timestamp_lookup_key"),
        ({"timestamp_lookup_key": "at", "lookback_window": -DAY}, "at least 0"),
        ({"timestamp_lookup_key": ["at", "b"]}, "takes one timestamp_lookup_key"),
        ({"feature_names": [1]}, "Names are texts"),
    ],
)
def test_a_lookup_is_checked_when_it_is_made(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        FeatureLookup("t", "k", **options)


def test_functions_get_what_sql_types_are_in_python_and_null_as_none(spark, store):
    stored = get_function(spark, f"{store}.month")
    assert (stored.parameters, stored.returns) == ((("at", "timestamp"),), "bigint")
    df = spark.createDataFrame([(AT, 3), (AT, None)], "at timestamp, n int")
    found = df.select(stored.column(F.col("at")), get_function(spark, f"{store}.half").column(F.col("n"))).collect()
    assert sorted(found, key=str) == [(1, 1.5), (1, None)]
    assert stored.compiled()(AT) == 1


def test_a_function_without_type_hints_is_refused(spark, schema):
    def bare(x):
        return x

    with pytest.raises(ValueError, match=r"'x' of function .* needs a type hint"):
        create_function(spark, bare, f"{schema}.bare")


@pytest.mark.parametrize("lookups", ["auto", "spark"])
def test_columns_and_keys_may_have_backticks_and_dots_in_their_names(spark, schema, monkeypatch, lookups):
    monkeypatch.setenv("HEADWATER_LOOKUPS", lookups)
    rows = spark.createDataFrame([("a", AT, 1.0), ("b", AT, None)], "`k``.1` string, `t``s` timestamp, `x``.y` double")
    create_feature_table(spark, f"{schema}.odd", ["k`.1", "t`s"], rows, timeseries_column="t`s")
    spine = spark.createDataFrame([("a", AT), ("b", AT), ("c", AT)], "`l``.1` string, `a``t` timestamp")
    lookup = FeatureLookup(
        f"{schema}.odd", "l`.1", timestamp_lookup_key="a`t", default_values={"x`.y": -1.0}, feature_names="x`.y"
    )
    training_set = create_training_set(spine, [lookup], None)
    assert training_set.load_df().columns == ["l`.1", "a`t", "x`.y"]
    assert sorted((row[0], row[2]) for row in training_set.load_df().collect()) == [
        ("a", 1.0),
        ("b", -1.0),
        ("c", -1.0),
    ]


def test_names_that_differ_by_case_only_are_refused_in_one_way(spark, store, schema):
    create_feature_table(spark, f"{schema}.more", "shop", spark.createDataFrame([(1, 2.0)], "shop long, SIZE double"))
    spine, one = spark.createDataFrame([(1, 1.0)], "shop long, Size double"), FeatureLookup(f"{schema}.shops", "shop")
    with pytest.raises(
        ValueError, match=r"'size' would come from .*shops and from df as 'Size', which is the same name"
    ):
        create_training_set(spine, [one], None)
    with pytest.raises(
        ValueError, match=r"'size' would come from .*shops and from the labels as 'Size', which is the same name"
    ):
        create_training_set(spine, [one], "Size")
    with pytest.raises(
        ValueError, match=r"'SIZE' would come from .*more and from .*shops as 'size', which is the same name"
    ):
        create_training_set(spine.drop("Size"), [one, FeatureLookup(f"{schema}.more", "shop")], None)
    with pytest.raises(ValueError, match=r"names that differ by case only, which is one name to Spark: Size, size"):
        create_training_set(spark.createDataFrame([(1, 1, 1)], "shop long, Size int, size int"), [], None)


def test_a_lookback_window_longer_than_the_calendar_is_none(spark, store, schema):
    rows = spark.createDataFrame([(1, AT, 5.0)], "shop long, at timestamp, v double")
    create_feature_table(spark, f"{schema}.late", ["shop", "at"], rows, timeseries_column="at")
    lookup = FeatureLookup(f"{schema}.late", "shop", timestamp_lookup_key="at", lookback_window=dt.timedelta.max)
    spine = spark.createDataFrame([(1, AT + 5000 * DAY)], "shop long, at timestamp")
    assert create_training_set(spine, [lookup], None).load_df().first()["v"] == 5.0
