"""Families of Spark on rows that stay there: folds, labels, missing values, weights, limits, and the same search resumed."""

from __future__ import annotations

import dataclasses
import uuid

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, mean_absolute_error, roc_auc_score

from headwater import training
from headwater.lakehouse import InvalidInputError, RowLimitError
from headwater.training import Choice, Integers, LogUniform, Regression, SparkFamily
from headwater.training.data.pandas_rows import to_pandas
from headwater.training.errors import TrainingDataError
from headwater.training.sources import source_of
from headwater.training.spark.search import fit_on_spark


@pytest.fixture(scope="module")
def logistic(spark):
    """Give logistic regression, as an instance whose parameters are set, which needs the session."""
    del spark
    from pyspark.ml.classification import LogisticRegression

    return SparkFamily.of(LogisticRegression(maxIter=25), {"regParam": LogUniform(1e-4, 1.0)}, start={"regParam": 0.01})


@pytest.fixture(scope="module")
def rows(spark, frame, kit):
    """Give the rows in Spark, with a column that has no value, one of whole numbers, and one with an awkward name."""
    named = kit.training_set(spark, frame).df.withColumnRenamed("noise", "odd `name.x")
    return named.selectExpr("*", "CAST(NULL AS DOUBLE) AS nothing", "CAST(hour AS INT) AS whole", "hour > 12 AS pm")


@dataclasses.dataclass
class Rows:
    df: object
    feature_spec: object = None

    def load_df(self):
        return self.df


def log_bare(**given):
    """Log the model as its flavor does it: these rows have no feature spec."""
    return training.log_model(**{**given, "training_set": None})


def plan_of(kit, *families, **changes):
    search = training.SearchPlan(trials=2, folds=training.TimeFolds(2, gap=kit.small_plan("x").holdout.gap), seed=4)
    gate = training.Gate(latency_ms=None)
    name = f"main.tests.mllib_{uuid.uuid4().hex[:6]}"
    return kit.small_plan(name, **({"families": families, "search": search, "gate": gate} | changes))


def test_training_rows_stay_in_spark_and_the_split_is_that_of_the_rows_in_process(store, rows, logistic, kit):
    plan = plan_of(kit, logistic)
    source = source_of(rows, plan, store, stored=False)
    try:
        frame = to_pandas(rows, label="late", time_column="time", exclude=("id",))
        before, after = plan.holdout.split(frame["time"])
        train, holdout = frame.iloc[before].reset_index(drop=True), frame.iloc[after].reset_index(drop=True)
        pd.testing.assert_frame_equal(source.holdout, holdout)
        pd.testing.assert_frame_equal(source.rows, train)
        assert source.fitted_on == (len(train), train["time"].min(), train["time"].max())
        assert source.kept.train.count() == len(train)
        folds = plan.search.folds.split(train["time"])
        windows = plan.search.folds.windows(*source.fitted_on[1:])
        assert [(fold.start, fold.end) for fold in folds] == [window[1:] for window in windows]
        assert source.digest((logistic,)) == source.digest((logistic,))
        other = dataclasses.replace(logistic, start={"regParam": 0.5})
        assert source.digest((logistic,)) != source.digest((other,))
        # One trial by hand: fitted by Spark on the rows before the fold, judged by scikit-learn's log loss.
        found = source.search((logistic,), {}, lambda _: None)
        model = fit_on_spark(
            logistic,
            {"regParam": 0.01},
            source.kept.train.where(f"time < TIMESTAMP '{windows[0][0].ceil('us')}'"),
            source.columns.only(set(source.columns.all) - {"nothing"}),
            "late",
            plan.problem,
        )
        judged = train.iloc[folds[0].validate]
        chances = model.predict_proba(judged)[:, 1]
        first = found.trials[0]
        assert first.params == {"regParam": 0.01}
        assert first.fold_losses[0] == pytest.approx(log_loss(judged["late"], chances))
        assert first.fold_rankings[0] == pytest.approx(roc_auc_score(judged["late"], chances))
        assert first.fold_rankings[0] > 0.75
        # Trials that are known are not run again, and the search ends alike.
        texts = {0: dataclasses.replace(first, params={"regParam": str(first.params["regParam"])})}
        ran = []
        again = source.search((logistic,), texts, ran.append)
        assert [(t.params, t.loss) for t in again.trials] == [(t.params, t.loss) for t in found.trials]
        assert again.trials[0].seconds == first.seconds
    finally:
        source.close()


def test_a_number_is_predicted_by_trees_with_weights(spark, store, rows, kit):
    del spark
    from pyspark.ml.regression import DecisionTreeRegressor

    family = SparkFamily.of(DecisionTreeRegressor, {"maxDepth": Integers(2, 6)}, name="tree")
    weighted = rows.withColumn("minutes", rows["hour"] * 2.0).withColumn("w", rows["id"] % 2)
    plan = plan_of(
        kit,
        family,
        label="minutes",
        problem=Regression("minutes"),
        exclude=("id", "late", "w"),
        weight="w",
        gate=None,
        baselines=(training.RateBaseline(),),
        slices=(),
    )
    plan = dataclasses.replace(plan, gate=training.Gate(**(dict(plan.problem.bounds) | {"latency_ms": None})))
    result = training.train(Rows(weighted), plan=plan, settings=store, log_model=log_bare)
    assert result.promoted, result.verdict.reason
    found = result.predictions
    assert result.metrics["model"]["mean_absolute_error"] == pytest.approx(
        mean_absolute_error(found["minutes"], found["prediction"])
    )
    assert result.metrics["model"]["r2_score"] > 0.9


def test_what_cannot_be_trained_on_is_said(spark, store, rows, logistic, kit):
    del spark
    from pyspark.ml.classification import LinearSVC, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    few = (
        dataclasses.replace(store, pandas_row_limit=10)
        if dataclasses.is_dataclass(store)
        else store.model_copy(update={"pandas_row_limit": 10})
    )
    with pytest.raises(RowLimitError, match="The holdout has 1,"):
        source_of(rows, plan_of(kit, logistic), few, stored=False)
    mixed = plan_of(kit, logistic, training.ModelFamily.of(LogisticRegression(), name="other"))
    with pytest.raises(InvalidInputError, match=r"\(LogisticRegression, other\) are partly of Spark"):
        source_of(rows, mixed, store, stored=False)
    with pytest.raises(InvalidInputError, match="The input 'weight' has the name of a column"):
        source_of(rows.withColumnRenamed("hour", "weight"), plan_of(kit, logistic, baselines=()), store, stored=False)
    with pytest.raises(InvalidInputError, match="has no parameter 'depth'"):
        SparkFamily.of(RandomForestClassifier, {"depth": Integers(1, 3)})
    with pytest.raises(InvalidInputError, match=r"takes an estimator of pyspark\.ml, found"):
        SparkFamily.of(LogisticRegression())
    grouped = plan_of(kit, logistic, search=training.SearchPlan(folds=training.StratifiedFolds(2)))
    source = source_of(rows, grouped, store, stored=False)
    with pytest.raises(InvalidInputError, match="are searched over TimeFolds, found StratifiedFolds"):
        source.search((logistic,), {}, lambda _: None)
    source.close()
    svc = SparkFamily.of(LinearSVC, {"standardization": Choice((True,))})
    source = source_of(rows, plan_of(kit, svc), store, stored=False)
    with pytest.raises(training.SearchFailedError, match="found LinearSVCModel without probabilities"):
        source.search((svc,), {}, lambda _: None)
    source.close()
    odd = source_of(rows, plan_of(kit, logistic), store, stored=False)
    late = odd.kept.train.withColumn("late", odd.kept.train["late"] + 1)
    spoilt = dataclasses.replace(odd, kept=dataclasses.replace(odd.kept, train=late))
    with pytest.raises(
        TrainingDataError, match=r"'late' in the training rows: found .* that are missing or impossible"
    ):
        spoilt.search((logistic,), {}, lambda _: None)
    odd.close()


def test_a_search_on_a_sample_draws_about_as_many_rows(store, rows, logistic, kit):
    search = training.SearchPlan(trials=1, folds=training.TimeFolds(1), rows=1000, seed=1)
    source = source_of(rows, plan_of(kit, logistic, search=search), store, stored=False)
    try:
        found = source.search((logistic,), {}, lambda _: None)
        assert 850 < found.rows < 1150
        assert found.rows == source.search((logistic,), {}, lambda _: None).rows
        assert np.isfinite(found.loss)
    finally:
        source.close()
