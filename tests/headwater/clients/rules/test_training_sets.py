"""The rules of training sets, by their numbers."""

from __future__ import annotations

import datetime as dt

import pytest

from headwater.features import (
    FeatureFunction,
    FeatureLookup,
)
from tests.headwater.clients.rules.rule import AT, DAY, rule, sales_of, shops_of


@rule(15, "all columns that are not keys by default; keys match by position, in number and exact type")
def test_rule_15(fe, s, spine):
    made = fe.create_training_set(df=spine, feature_lookups=[shops_of(s)], label="y")
    assert made.load_df().columns == ["id", "store", "at", "day", "region", "size", "floors", "y"]
    for key in (["store", "id"], "y", "at"):
        with pytest.raises(ValueError, match=r"lookup_key gives 2|must be bigint"):
            fe.create_training_set(df=spine, feature_lookups=[FeatureLookup(f"{s}.shops", key)], label=None)
    dated = FeatureLookup(f"{s}.sales", "store", timestamp_lookup_key="day")
    with pytest.raises(ValueError, match="'day' is date, must be timestamp"):
        fe.create_training_set(df=spine, feature_lookups=[dated], label="y")


@rule(16, "a time series table needs a timestamp_lookup_key, others refuse it; one lookback of at least 0 per table")
def test_rule_16(fe, s, spine):
    wrong = [
        lambda: [FeatureLookup(f"{s}.sales", "store")],
        lambda: [shops_of(s, timestamp_lookup_key="at")],
        lambda: [shops_of(s, lookback_window=DAY)],
        lambda: [sales_of(s, lookback_window=-DAY)],
        lambda: [sales_of(s, feature_names="amount", lookback_window=DAY), sales_of(s, feature_names="pieces")],
    ]
    for lookups in wrong:
        with pytest.raises(ValueError, match=r"timestamp_lookup_key|at least 0|several lookback"):
            fe.create_training_set(df=spine, feature_lookups=lookups(), label="y")


@pytest.fixture(scope="module")
def training_set(fe, s, spine):
    """One training set with all that rules 17 to 26 look at; its rows are computed once."""
    return fe.create_training_set(
        df=spine,
        feature_lookups=[
            sales_of(s, rename_outputs={"amount": "sold", "nothing": "x"}),
            FeatureFunction(udf_name=f"{s}.half", input_bindings={"x": "size"}, output_name="half_size"),
            shops_of(s, default_values={"size": 7.0, "floors": 1}),
            FeatureLookup(f"{s}.rates", "region", timestamp_lookup_key="day"),
        ],
        label="y",
        exclude_columns=["store", "region"],
        some_argument_of_a_later_version=True,
    )


@pytest.fixture(scope="module")
def rows(training_set):
    return {(row["id"], i): row for i, row in enumerate(training_set.load_df().orderBy("id").collect())}


@rule(17, "rename_outputs ignores strangers; defaults fill missing rows and stored NULLs, after the functions")
def test_rule_17(rows):
    no_shop, stored_null = rows[3, 2], rows[2, 1]
    assert (no_shop["size"], no_shop["half_size"]) == (7.0, -1.0)
    assert (stored_null["floors"], stored_null["size"], stored_null["half_size"]) == (1, 20.0, 10.0)
    assert rows[1, 0]["sold"] == 2.0


@rule(18, "exactly one of lookups, spec and features; labels by name, names or None; unknown arguments are ignored")
def test_rule_18(fe, s, spine, training_set):
    assert training_set.labels == ("y",)
    with pytest.raises(ValueError, match=r"exactly one of .*found none"):
        fe.create_training_set(df=spine, label="y")
    with pytest.raises(ValueError, match=r"exactly one of .*found feature_lookups and feature_spec"):
        fe.create_training_set(df=spine, feature_lookups=[], feature_spec=f"{s}.x", label="y")
    assert fe.create_training_set(df=spine, feature_lookups=[shops_of(s)], label=["y", "id"]).labels == ("y", "id")
    assert fe.create_training_set(df=spine, feature_lookups=[shops_of(s)], label=None).labels == ()


@rule(18, "a feature spec of the catalog gives what its lookups and functions would")
def test_rule_18_spec(fe, s, spine):
    lookups = [
        shops_of(s, feature_names=["size"]),
        FeatureFunction(udf_name=f"{s}.half", input_bindings={"x": "size"}),
    ]
    made = fe.create_feature_spec(name=f"{s}.spec", features=lookups, exclude_columns=["size"])
    assert ([c.name for c in made.spec.source], [c.name for c in made.spec.columns]) == (["store"], ["store", "half"])
    ours = fe.create_training_set(df=spine, feature_spec=f"{s}.spec", label="y")
    theirs = fe.create_training_set(df=spine, feature_lookups=lookups, label="y", exclude_columns="size")
    assert ours.feature_spec == theirs.feature_spec
    fe.update_feature_spec(name=f"{s}.spec", owner="team")
    with pytest.raises(ValueError, match="exists already"):
        fe.create_feature_spec(name=f"{s}.spec", features=lookups)
    fe.delete_feature_spec(name=f"{s}.spec")
    with pytest.raises(ValueError, match="There is no feature spec"):
        fe.create_training_set(df=spine, feature_spec=f"{s}.spec", label="y")


@rule(19, "what cannot work is refused when the training set is made, with the column and the table")
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda s: {"lookups": [shops_of(s), shops_of(s)]}, "'region' would come from .*shops and from .*shops"),
        (lambda s: {"lookups": [shops_of(s, rename_outputs={"size": "y"})]}, "'y' would come .* the labels"),
        (lambda s: {"lookups": [shops_of(s, rename_outputs={"size": "id"})]}, "'id' would come .* df"),
        (lambda s: {"lookups": [shops_of(s, feature_names="sise")]}, "'sise' is not in .*shops"),
        (lambda s: {"lookups": [FeatureLookup(f"{s}.shops", "nope")]}, "shops needs 'nope'"),
        (lambda _: {"label": "nope"}, "'nope' is not in df"),
        (lambda _: {"exclude": "y"}, "cannot be a label and excluded"),
        (lambda s: {"lookups": [FeatureFunction(udf_name=f"{s}.half")]}, "'x' is not in the input_bindings"),
        (
            lambda s: {"lookups": [FeatureFunction(udf_name=f"{s}.half", input_bindings={"x": "y"}, output_name="id")]},
            "'id' would come",
        ),
        (
            lambda s: {
                "lookups": [
                    FeatureFunction(udf_name=f"{s}.half", input_bindings={"x": "id"}, output_name=f"f{i}")
                    for i in range(101)
                ]
            },
            "at most 100 functions",
        ),
    ],
)
def test_rule_19(fe, s, spine, spark, wrong, sentence):
    given = {"lookups": [shops_of(s)], "label": "y", "exclude": None} | wrong(s)
    with pytest.raises(ValueError, match=sentence):
        fe.create_training_set(
            df=spine, feature_lookups=given["lookups"], label=given["label"], exclude_columns=given["exclude"]
        )


@rule(20, "columns come in order: df's, features in the lookups' order, on-demand ones, labels")
def test_rule_20(training_set):
    names = ["id", "at", "day", "sold", "pieces", "size", "floors", "tax", "half_size", "y"]
    assert training_set.load_df().columns == names
    assert {"store", "at", "day"} <= set(training_set.feature_spec.required)


@rule(21, "an ordinary lookup keeps every row, and NULL keys never match")
def test_rule_21(rows):
    assert rows[3, 2]["sold"] is None
    assert rows[3, 2]["tax"] is None


@rule(22, "lookups and functions chain")
def test_rule_22(rows):
    assert (rows[1, 0]["tax"], rows[1, 0]["half_size"]) == (0.5, 5.0)


@rule(23, "the row of the greatest time at or before the label's is taken whole: its NULL stays")
def test_rule_23(rows):
    assert (rows[1, 0]["sold"], rows[1, 0]["pieces"]) == (2.0, None)
    assert (rows[2, 1]["sold"], rows[2, 1]["pieces"]) == (9.0, 7)


@rule(24, "lookback is inclusive, 0 is an exact match, outside it all features are NULL")
def test_rule_24(fe, s, spark):
    df = spark.createDataFrame([(1, AT + DAY / 2), (2, AT)], "store long, at timestamp")

    def amounts(window):
        made = fe.create_training_set(df=df, feature_lookups=[sales_of(s, lookback_window=window)], label=None)
        return [(row["amount"], row["pieces"]) for row in made.load_df().orderBy("store").collect()]

    assert amounts(DAY / 2) == [(2.0, None), (None, None)]
    assert amounts(dt.timedelta(0)) == [(None, None), (None, None)]
    assert amounts(9 * DAY) == [(2.0, None), (9.0, 7)]


@rule(25, "label rows are never lost or multiplied; a NULL time gives NULL features")
def test_rule_25(rows):
    assert [number for number, _ in rows] == [1, 2, 3, 4, 4]
    assert [rows[4, i]["sold"] for i in (3, 4)] == [None, None]
    assert [rows[4, i]["size"] for i in (3, 4)] == [10.0, 10.0]


@rule(26, "DATE keys stay DATE, and the two switches change nothing")
def test_rule_26(fe, s, spine, training_set):
    assert dict(training_set.load_df().dtypes)["day"] == "date"
    lookups = [sales_of(s)]
    plain = fe.create_training_set(df=spine, feature_lookups=lookups, label="y").load_df()
    switched = fe.create_training_set(
        df=spine, feature_lookups=lookups, label="y", use_spark_native_join=True, use_timeseries_filtering=True
    ).load_df()
    assert sorted(plain.collect(), key=str) == sorted(switched.collect(), key=str)
