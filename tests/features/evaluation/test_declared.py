"""Declared features of all kinds: sources, functions of rows, the catalog, and what is refused when they are made."""

import datetime as dt

import pytest

from headwater import lakehouse
from headwater.features import (
    Aggregation,
    AggregationFunction,
    ApproxPercentile,
    Avg,
    ColumnSelection,
    Count,
    CustomUDF,
    DataFrameSource,
    DataSource,
    DeltaTableSource,
    Feature,
    FeatureAggregations,
    FeatureGroup,
    FeatureSpec,
    FeatureViewSource,
    Function,
    Last,
    LastN,
    Max,
    RequestSource,
    RollingWindow,
    RowTransformation,
    SawtoothWindow,
    SlidingWindow,
    StddevPop,
    Sum,
    TimeWindow,
    TumblingWindow,
    VolumeSource,
    Window,
    batch_feature_spec,
    compute_features,
    create_declared_training_set,
    create_feature_spec,
    create_function,
    create_training_set_of_spec,
    delete_feature,
    get_feature,
    list_features,
    materialize,
    register_feature,
)

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
AT = dt.datetime(2024, 3, 1, 12)
WEEK = RollingWindow(window_duration=7 * DAY)
SALES = [("a", AT - DAY, 2.0, 1), ("a", AT, 5.0, None), ("b", AT - 9 * DAY, 7.0, 3), ("b", AT - HOUR, None, 4)]


def double(x: float | None) -> float | None:
    """Return twice the number."""
    return None if x is None else 2 * x


def plus(x: float | None, y: float | None) -> float | None:
    """Return the sum."""
    return None if x is None or y is None else x + y


def _source(schema, table="sales", **options):
    catalog, name = schema.split(".")
    return DeltaTableSource(catalog_name=catalog, schema_name=name, table_name=table, **options)


def _sum(schema, **options):
    given = {"function": AggregationFunction(Sum("amount"), WEEK), "entity": "shop", "timeseries_column": "at"}
    return Feature(**({"source": _source(schema)} | given | options))


@pytest.fixture
def store(spark, schema):
    sales = spark.createDataFrame(SALES, "shop string, at timestamp, amount double, pieces int")
    shops = spark.createDataFrame([("a", "north"), ("b", None)], "shop string, region string")
    for name, df in (("sales", sales), ("shops", shops)):
        lakehouse.create_table(spark, f"{schema}.{name}", df.schema)
        lakehouse.append(df, f"{schema}.{name}")
    create_function(spark, double, f"{schema}.double")
    create_function(spark, plus, f"{schema}.plus")
    return schema


def _all_kinds(spark, schema):
    amount = _sum(schema)
    view = FeatureViewSource(
        features=[amount, _sum(schema, name="hidden", function=AggregationFunction(Count("pieces"), WEEK))]
    )
    prices = spark.createDataFrame([("a", AT - HOUR, 9.0)], "shop string, at timestamp, price double")
    frame = DataFrameSource(dataframe=prices, source_name="prices")
    request = RequestSource(schema=[("basket", "DOUBLE")])
    row = {"entity": ["shop"], "timeseries_column": "at"}
    return [
        amount,
        _sum(schema, name="pieces_now", function=ColumnSelection("pieces")),
        _sum(schema, function=CustomUDF(f"{schema}.double", {"x": "amount"})),
        Feature(source=frame, function=AggregationFunction(Max("price"), WEEK), **row),
        Feature(source=_source(schema, "shops"), function=ColumnSelection("region"), entity="shop"),
        Feature(source=request, function=CustomUDF(f"{schema}.double", {"x": "basket"}), name="twice"),
        Feature(source=request, function=ColumnSelection("basket")),
        Feature(source=view, function=CustomUDF(f"{schema}.plus", {"x": "amount_sum_rolling_7d", "y": "hidden"}), name="both"),
        Feature(source=view, function=ColumnSelection("hidden"), name="count_again"),
    ]  # fmt: skip


def test_features_of_all_sources_and_functions_come_in_one_training_set(spark, store):
    rows = [
        (1, "a", AT, 1.0, 0),
        (2, "a", AT + HOUR, 2.0, 1),
        (3, "b", AT, None, 0),
        (4, "z", AT, 4.0, 1),
        (5, None, AT, 5.0, 0),
        (6, "a", None, 6.0, 1),
        (6, "a", None, 6.0, 1),
    ]
    spine = spark.createDataFrame(rows, "id long, shop string, at timestamp, basket double, y int")
    training_set = create_declared_training_set(spine, _all_kinds(spark, store), "y", "at")
    df = training_set.load_df()
    names = [
        "amount_sum_rolling_7d",
        "pieces_now",
        "double",
        "price_max_rolling_7d",
        "region",
        "twice",
        "both",
        "count_again",
    ]
    assert df.columns == ["id", "shop", "basket", *names, "y"]
    assert sorted(tuple(row[name] for name in ("id", *names, "y")) for row in df.collect()) == [
        (1, 2.0, None, 10.0, 9.0, "north", 2.0, 3.0, 1, 0),
        (2, 7.0, None, 10.0, 9.0, "north", 4.0, 8.0, 1, 1),
        (3, None, 4, None, None, None, None, None, 1, 0),
        (4, None, None, None, None, None, 8.0, None, 0, 1),
        (5, None, None, None, None, None, 10.0, None, 0, 0),
        (6, None, None, None, None, "north", 12.0, None, None, 1),
        (6, None, None, None, None, "north", 12.0, None, None, 1),
    ]
    assert list(training_set.feature_spec.table_versions) == [f"{store}.sales", f"{store}.shops"]
    with pytest.raises(ValueError, match=r"price_max_rolling_7d cannot be kept.*those of prices in this session"):
        training_set.feature_spec.to_yaml()
    kept = [feature for feature in _all_kinds(spark, store) if not isinstance(feature.source, DataFrameSource)]
    spec = create_declared_training_set(spine, kept, "y", "at").feature_spec
    assert FeatureSpec.from_yaml(spec.to_yaml()) == spec
    alone = batch_feature_spec(spark, kept, "at")
    assert [(column.name, column.type) for column in alone.source] == [
        ("shop", "string"),
        ("at", "timestamp"),
        ("basket", "double"),
    ]
    assert (alone.declared, alone.functions, alone.exclude) == (spec.declared, spec.functions, spec.exclude)
    with pytest.raises(ValueError, match="'x' is not in the features"):
        batch_feature_spec(spark, kept, "x")
    create_feature_spec(spark, f"{store}.kept", kept, "at")
    assert create_training_set_of_spec(spine, f"{store}.kept", "y").feature_spec == spec


def test_computed_at_all_times_of_the_source_a_row_is_not_in_its_own_window(spark, store):
    features = [_sum(store), _sum(store, function=AggregationFunction(Last("pieces"), WEEK))]
    df = compute_features(spark, features)
    assert df.columns == ["shop", "at", "amount_sum_rolling_7d", "pieces_last_rolling_7d"]
    assert sorted(map(tuple, df.collect())) == [
        ("a", AT - DAY, None, None),
        ("a", AT, 2.0, 1),
        ("b", AT - 9 * DAY, None, None),
        ("b", AT - HOUR, None, None),
    ]
    with pytest.raises(ValueError, match="differ in entity or time column"):
        compute_features(spark, [_sum(store), _sum(store, entity="pieces", name="x")])


def test_functions_of_rows_are_materialised_too(spark, store):
    features = (_sum(store, function=CustomUDF(f"{store}.double", {"x": "amount"})),)
    materialize(spark, FeatureGroup(f"{store}.doubled", features), AT - 30 * DAY, AT + DAY)
    found = {
        (row["shop"], row["ts"]): row["double"] for row in lakehouse.read_table(spark, f"{store}.doubled").collect()
    }
    assert found == {(shop, at): double(amount) for shop, at, amount, _ in SALES}


def test_the_older_aggregations_are_declared_features(spark, store):
    aggregations = FeatureAggregations(
        source_table=f"{store}.sales",
        lookup_key="shop",
        timestamp_key="at",
        granularity=6 * HOUR,
        start_time=AT - 30 * DAY + HOUR,
        aggregations=[
            Aggregation(function="sum", column="amount", window=Window(duration=2 * DAY), output_column="two_days"),
            Aggregation(function=Avg("amount"), time_window=WEEK, filter_condition="amount > 3"),
        ],
    )
    spine = spark.createDataFrame([("a", AT + HOUR - HOUR / 2), ("a", AT + HOUR)], "shop string, at timestamp")
    df = create_declared_training_set(spine, [aggregations], None).load_df()
    assert df.columns == ["shop", "at", "two_days", "amount_avg_rolling_7d"]
    assert [tuple(row)[2:] for row in df.orderBy("at").collect()] == [(2.0, None), (7.0, 5.0)]


def test_a_registered_feature_comes_back_equal(spark, store):
    catalog, schema = store.split(".")
    saw = SawtoothWindow(window_duration=3 * DAY, delay=HOUR)
    made = [
        register_feature(spark, feature, catalog, schema)
        for feature in (
            *[f for f in _all_kinds(spark, store) if not isinstance(f.source, DataFrameSource)],
            _sum(store, name="old", description="what it is", function=AggregationFunction(
                ApproxPercentile(0.9, "amount", 100),
                SlidingWindow(window_duration=None, slide_duration=HOUR, offset=HOUR / 4, start_time=AT.replace(tzinfo=dt.UTC)),
            )),
            _sum(store, name="five", function=AggregationFunction(LastN("pieces", 5), saw)),
        )
    ]  # fmt: skip
    listed = list_features(spark, catalog, schema)
    assert listed == sorted(made, key=lambda feature: feature.name)
    assert list_features(spark, catalog, schema, 2) == listed[:2]
    one = get_feature(spark, f"{store}.old")
    assert (one.full_name, one.is_registered, one.time_window.offset) == (f"{store}.old", True, HOUR / 4)
    with pytest.raises(ValueError, match="is registered already"):
        register_feature(spark, one)
    with pytest.raises(ValueError, match=r"There is a feature .*old already"):
        register_feature(spark, one.clone(), catalog, schema)
    assert register_feature(spark, one.clone(new_name="older")).full_name == f"{store}.older"
    delete_feature(spark, f"{store}.old")
    with pytest.raises(ValueError, match=r"There is no feature .*\.old\. Did you mean 'older'"):
        get_feature(spark, f"{store}.old")
    with pytest.raises(ValueError, match="There is no feature"):
        delete_feature(spark, f"{store}.old")


def test_rule_36_features_have_automatic_names():
    source = _source("main.ml")
    names = [
        Feature(source=source, function=AggregationFunction(operator, window), entity="k", timeseries_column="at").name
        for operator, window in (
            (Sum("amount"), WEEK),
            (Avg("amount"), TumblingWindow(window_duration=30 * DAY)),
            (Sum("amount"), SlidingWindow(window_duration=7 * DAY, slide_duration=DAY)),
            (LastN("amount", 3), RollingWindow(window_duration=None)),
            (StddevPop("amount"), SawtoothWindow(window_duration=60 * DAY, delay=HOUR)),
        )
    ]
    assert names == [
        "amount_sum_rolling_7d",
        "amount_avg_tumbling_30d",
        "amount_sum_sliding_7d_1d",
        "amount_last_n_3_rolling_lifetime",
        "amount_stddev_pop_sawtooth_60d_delay_1h",
    ]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: RollingWindow(window_duration=DAY, delay=-HOUR), "delay must be a timedelta of at least 0"),
        (lambda: RollingWindow(window_duration=0 * DAY), "window_duration must be a timedelta over 0"),
        (lambda: RollingWindow(window_duration=DAY, start_time="2024"), "start_time must be a datetime"),
        (lambda: TumblingWindow(window_duration=None), "needs a window_duration"),
        (lambda: TumblingWindow(window_duration=DAY, offset=DAY), "offset must be less than .* 1d"),
        (lambda: SlidingWindow(window_duration=DAY, slide_duration=2 * DAY), "slide_duration must be at most"),
        (lambda: SawtoothWindow(window_duration=2 * DAY), "is over 2 days long.*use RollingWindow"),
        (lambda: TimeWindow(duration=DAY), "make one of these"),
        (lambda: Function(["a"]), "make one of these"),
        (lambda: DataSource(source_type="x"), "make one of these"),
        (lambda: RowTransformation().input_names, "make one of these"),
        (lambda: Sum(""), "Sum takes the name of a column"),
        (lambda: LastN("a", 0), "LastN takes n, a number of at least 1"),
        (lambda: ApproxPercentile(90, "a"), "percentile must lie between 0 and 1"),
        (lambda: AggregationFunction("sum", WEEK), "operator must be one of Sum"),
        (lambda: AggregationFunction(Sum("a"), DAY), "time_window must be one of RollingWindow"),
        (lambda: CustomUDF(""), "takes the name of a function"),
        (VolumeSource, "names no files: read them"),
        (lambda: DataFrameSource(dataframe=[1]), "takes a Spark DataFrame, found builtins.list"),
        (RequestSource, "give one of them"),
        (lambda: RequestSource(schema=[("a", "NUMBER?")]), "unknown type"),
        (lambda: FeatureViewSource(features=["a"]), "takes a list of Feature"),
        (lambda: _sum("main.ml", source="main.ml.sales"), "source must be a DeltaTableSource"),
        (lambda: _sum("main.ml", function=Sum("a")), "function must be an AggregationFunction"),
        (lambda: _sum("main.ml", entity=None), "needs at least one entity column"),
        (lambda: _sum("main.ml", entity=["shop", "at"]), "has a column twice"),
        (lambda: _sum("main.ml", timeseries_column=None), "needs a timeseries_column"),
        (lambda: _sum("main.ml", name="a.b"), "a text without dots"),
        (lambda: _sum("main.ml", source=RequestSource(schema=[("amount", "DOUBLE")])), "cannot be an aggregation"),
        (lambda: Aggregation(function="summ", column="a", time_window=WEEK), "There is no aggregation 'summ'"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_refused_when_it_is_made(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_rule_19_what_does_not_fit_the_data_is_refused_when_the_training_set_is_made(spark, store):
    spine = spark.createDataFrame([("a", AT, 1, 2.0)], "shop string, at timestamp, pieces int, amount double")
    cases = [
        (_sum(store, function=AggregationFunction(Sum("amout"), WEEK)), r"'amout' is not in .*sales.*Did you mean 'amount'"),
        (_sum(store, function=AggregationFunction(Sum("shop"), WEEK)), "Sum of 'shop' cannot be computed from string"),
        (_sum(store, entity="at", timeseries_column="shop"), "'shop' is string, must be timestamp"),
        (_sum(store, name="pieces"), "'pieces' would come from a declared feature and from df"),
        (_sum(store, function=CustomUDF(f"{store}.dubble", {"x": "amount"})), "There is no function"),
        (_sum(store, function=CustomUDF(f"{store}.double", {"z": "amount"})), "'z' is not in the parameters"),
        (_sum(store, function=CustomUDF(f"{store}.double")), "'x' is not in .*needed by the feature double"),
        (_sum(store, source=_source(store, dataframe_schema='{"type":"struct","fields":[]')), "must be the JSON"),
        (_sum(store, source=_source(store, transformation_sql="shop AS store, at, amount")), "'shop' is not in"),
        (Feature(source=RequestSource(schema=[("x", "int")]), function=ColumnSelection("x")), "'x' is not in df"),
        (Feature(source=RequestSource(schema=[("pieces", "long")]), function=ColumnSelection("pieces")), "'pieces' is int"),
        ("amount", "takes a list of Feature, found 'amount'"),
    ]  # fmt: skip
    for feature, sentence in cases:
        with pytest.raises(ValueError, match=sentence):
            create_declared_training_set(spine, [feature], None)
    for wrong, sentence in (
        (spine.drop("shop"), "'shop' is not in df"),
        (spine.withColumn("shop", spine["pieces"]), "'shop' is int, must be string"),
        (spine.withColumn("at", spine["at"].cast("date")), "'at' is date, must be timestamp"),
    ):
        with pytest.raises(ValueError, match=sentence):
            create_declared_training_set(wrong, [_sum(store)], None)
    with pytest.raises(ValueError, match="is asked for twice"):
        create_declared_training_set(spine, [_sum(store), _sum(store)], None)
    with pytest.raises(lakehouse.TableNotFoundError, match="There is no table"):
        create_declared_training_set(spine, [_sum(store, source=_source(store, "sails"))], None)
    with pytest.raises(ValueError, match="needs catalog_name and schema_name"):
        register_feature(spark, Feature(source=RequestSource(schema=[("x", "int")]), function=ColumnSelection("x")))
