"""Classes are compared by value, whatever type and spelling either side has."""

import numpy as np
import pytest
from sklearn import metrics

from headwater.monitoring import Monitor, MonitorInferenceLog, refresh
from headwater.monitoring.states.columns import class_name, in_words_of

FORMS = {
    "flag": ("boolean", "true", "false"),
    "whole": ("int", "1", "0"),
    "broken": ("double", "1.0D", "0.0D"),
    "exact": ("decimal(3,1)", "1.0", "0.0"),
    "digits": ("string", "'1'", "'0'"),
    "fractions": ("string", "'1.0'", "'0.0'"),
    "words": ("string", "'true'", "'false'"),
    "capitals": ("string", "'True'", "'False'"),
}


def test_true_and_one_in_every_spelling_are_one_class(spark):
    columns = [[f"CAST({form[side]} AS {form[0]}) AS {name}" for name, form in FORMS.items()] for side in (1, 2)]
    yes, no = (spark.range(1).selectExpr(*side) for side in columns)
    rows = yes.selectExpr("struct(*) AS p", "1 AS one").join(no.selectExpr("struct(*) AS q", "1 AS one"), "one")
    for first, second, same in (("p", "p", True), ("q", "q", True), ("p", "q", False), ("q", "p", False)):
        sides = rows.selectExpr(
            *[f"{first}.{name} AS prediction_{name}" for name in FORMS],
            *[f"{second}.{name} AS label_{name}" for name in FORMS],
        )
        kinds = dict(sides.dtypes)
        equal = {}
        for one in FORMS:
            for two in FORMS:
                label = class_name(f"label_{two}", kinds[f"label_{two}"])
                prediction = class_name(f"prediction_{one}", kinds[f"prediction_{one}"])
                equal[f"{one}_{two}"] = in_words_of(prediction, label) == label
        (found,) = sides.select(*[value.alias(name) for name, value in equal.items()]).collect()
        assert found.asDict() == dict.fromkeys(equal, same)


def test_other_classes_keep_their_names(spark):
    rows = spark.createDataFrame(
        [("2", "true"), ("a", "1"), ("1.5", "1"), ("v1.0", "0"), ("2.00", "2")], "p string, y string"
    )
    label = class_name("y", "string")
    names = rows.select(in_words_of(class_name("p", "string"), label).alias("name")).collect()
    assert [row.name for row in names] == ["2", "a", "1.5", "v1.0", "2"]


def test_a_boolean_label_beside_predictions_of_zero_and_one(spark, schema):
    truth, answer, chance = [True, True, False, False, None], [1.0, 1.0, 0.0, 1.0, 1.0], [0.9, 0.8, 0.1, 0.6, 0.5]
    rows = list(zip(answer, truth, chance, strict=True))
    frame = spark.createDataFrame(rows, "prediction double, label boolean, chance double")
    proba = "map('1', chance, '0', 1 - chance)"
    frame.selectExpr(
        "prediction", "label", f"{proba} AS proba", "TIMESTAMP '2024-03-01 12:00:00' AS t", "'m' AS model"
    ).write.format("delta").saveAsTable(f"{schema}.log")
    monitor = monitor_of(schema)
    refresh(spark, monitor)
    (row,) = spark.table(monitor.profile_table).where("column_name = ':table' AND model = '*'").collect()
    assert row.accuracy_score == 0.75
    assert row.precision.one_vs_all == {"true": pytest.approx(2 / 3), "false": 1.0}
    assert row.log_loss == pytest.approx(metrics.log_loss(truth[:4], chance[:4]))
    assert row.roc_auc_score.one_vs_all["true"] == 1.0


def test_a_label_whose_class_has_no_probability_has_probability_zero(spark, schema):
    rows = [("a", "a", {"a": 0.5, "b": 0.5}), ("a", "c", {"a": 0.5, "b": 0.5}), ("b", "b", {}), ("b", "a", None)]
    frame = spark.createDataFrame(rows, "prediction string, label string, proba map<string,double>")
    frame.selectExpr("*", "TIMESTAMP '2024-03-01 12:00:00' AS t", "'m' AS model").write.format("delta").saveAsTable(
        f"{schema}.log"
    )
    monitor = monitor_of(schema)
    refresh(spark, monitor)
    (row,) = spark.table(monitor.profile_table).where("column_name = ':table' AND model = '*'").collect()
    assert row.log_loss == pytest.approx(-np.log([0.5, 2.0**-52]).mean())
    assert row.accuracy_score == 0.5
    assert row.roc_auc_score.one_vs_all == {"a": 0.5}
    assert row.roc_auc_score.one_vs_one.macro is None


def monitor_of(schema):
    kind = MonitorInferenceLog(
        problem_type="classification", timestamp_col="t", granularities=("1 day",), prediction_col="prediction",
        model_id_col="model", label_col="label", prediction_proba_col="proba",
    )  # fmt: skip
    return Monitor(table_name=f"{schema}.log", output_schema=schema, kind=kind)
