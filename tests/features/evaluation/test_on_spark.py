"""Lookups by Spark, in the form that fits the rows."""

from headwater.features import FeatureLookup, create_feature_table, create_training_set


def test_label_rows_that_arrow_cannot_hold_take_a_form_without_it(spark, schema, monkeypatch):
    monkeypatch.setenv("HEADWATER_LOOKUPS", "spark")
    for name in ("one", "two"):
        rows = spark.sql(f"SELECT 1 AS k, timestamp '2024-01-01' AS ts, 5 AS {name}")
        create_feature_table(spark, f"{schema}.{name}", ["k", "ts"], rows, "ts")
    lookups = [FeatureLookup(f"{schema}.{name}", "k", timestamp_lookup_key="at") for name in ("one", "two")]
    spine = spark.sql("SELECT 1 AS k, timestamp '2024-01-02' AS at, make_interval(1) AS strange")
    for chosen, form in ((lookups, "union and window, all tables in one sort"), (lookups[:1], "union and window")):
        training_set = create_training_set(spine, chosen, None)
        assert f"{form} (the column 'strange' of the label rows is interval)" in training_set.explain()
        assert training_set.load_df().select("one").collect() == [(5,)]
    plain = create_training_set(spine.drop("strange"), lookups, None)
    assert "buckets of" in plain.explain()
    assert [tuple(row)[2:] for row in plain.load_df().collect()] == [(5, 5)]
