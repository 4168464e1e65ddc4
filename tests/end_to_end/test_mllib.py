"""A project whose model is one of Spark's own goes the way of the others, by the same commands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics as sk

from headwater import FeatureEngineeringClient, FeatureLookup, jobs, lakehouse, serving
from headwater.jobs.replay import replay
from headwater.lakehouse import InvalidInputError
from headwater.outcome import DONE
from headwater.training import Gate, Integers, SearchPlan, SparkFamily, TimeFolds, use_store
from headwater.web.report import monthly_figures
from tests.end_to_end import wine

MODEL, ANALYSES = "main.mllib.cultivar", "main.mllib.analyses"


def _plan(start, end):
    from pyspark.ml.classification import RandomForestClassifier

    forest = SparkFamily.of(
        RandomForestClassifier, {"maxDepth": Integers(2, 6)}, fixed={"numTrees": 12, "seed": 3}, start={"maxDepth": 4}
    )
    return replace(
        wine.plan(start, end),
        model_name=MODEL,
        families=(forest,),
        search=SearchPlan(trials=2, folds=TimeFolds(1), seed=1),
        gate=Gate(least={"accuracy": 0.8}, calibration_error=None, latency_ms=None),
    )


project = replace(
    wine.project,
    name="mllib",
    model_name=MODEL,
    lookups=(FeatureLookup(ANALYSES, "wine"),),
    plan=_plan,
    tables="main.mllib",
)


@pytest.fixture(scope="module")
def trained(spark):
    frame = spark.createDataFrame(wine.wines().drop(columns=["cultivar", "at"]))
    FeatureEngineeringClient().create_table(name=ANALYSES, primary_keys="wine", df=frame)
    return jobs.train(spark, project, wine.BEGIN, wine.HOLDOUT, wine.LIVE, reason="first")


def test_it_is_searched_judged_and_registered_like_any_other(spark, trained):
    result = trained.training
    assert trained.job.code == DONE, trained.job.detail
    assert result.promoted
    assert result.search.backend == "mllib"
    assert [one.status for one in result.search.trials] == ["ok", "ok"]
    assert dict(result.search.trials[0].params) == {"maxDepth": 4}
    rows = result.predictions
    chances = rows[[f"probability_{one}" for one in sorted(wine.CLASSES)]].to_numpy()
    assert np.allclose(chances.sum(axis=1), 1)
    assert result.metrics["model"]["log_loss"] == pytest.approx(sk.log_loss(rows["cultivar"], chances))
    assert {check.name for check in result.verdict.checks} >= {"artefact"}
    assert result.importance["importance"].iloc[0] > 0
    run = use_store(lakehouse.settings_of(spark)).get_run(result.run_id)
    assert run.data.params["family"] == "RandomForestClassifier"
    assert {one.dataset.name for one in run.inputs.dataset_inputs} >= {"training", "holdout", ANALYSES}
    version = use_store(lakehouse.settings_of(spark)).get_model_version(MODEL, "1")
    assert "Fitted on 96 rows from 2024-03-01 00:00 to 2024-03-08 22:00 UTC" in version.description


def test_score_batch_and_the_loaded_model_answer_what_was_judged(spark, trained):
    import mlflow

    use_store(lakehouse.settings_of(spark))
    rows = trained.training.predictions.sort_values("wine")
    expected = rows[[f"probability_{one}" for one in sorted(wine.CLASSES)]].to_numpy()
    spine = spark.createDataFrame(rows[["wine", "at"]])
    scored = serving.score_batch(f"models:/{MODEL}/1", spine, result_type="array<double>")
    assert scored.columns[:2] == ["wine", "at"]
    assert "__row" not in scored.columns
    found = scored.toPandas().sort_values("wine")
    np.testing.assert_allclose(np.array(found["prediction"].tolist()), expected, rtol=1e-9)
    with pytest.raises(InvalidInputError, match="gives several values per row: use result_type='array<double>'"):
        serving.score_batch(f"models:/{MODEL}/1", spine)
    loaded = mlflow.pyfunc.load_model(f"models:/{MODEL}/1")
    np.testing.assert_allclose(loaded.predict(rows[["wine", "at"]].head(5)), expected[:5], rtol=1e-9)


def test_the_same_commands_score_label_monitor_report_and_train_again(spark, trained):
    for job in (jobs.score, jobs.label, jobs.monitor):
        found = job(spark, project, wine.LIVE, wine.END)
        assert getattr(found, "job", found).rows >= 0
    scored = lakehouse.read_table(spark, project.table("inference")).toPandas()
    assert len(scored) == 34
    assert (scored["prediction"] == scored["cultivar"]).mean() > 0.8
    figures = monthly_figures(lakehouse.settings_of(spark), project)
    assert figures.loc[figures["predictor"] == "model", "rows"].sum() == 48 + 34
    again = replay(spark, project, trained.training.run_id)
    assert again.code == DONE, again.detail
    # A champion of Spark and a challenger of scikit-learn are held against each other.
    sklearn = replace(project, plan=lambda start, end: replace(wine.plan(start, end), model_name=MODEL))
    again = jobs.train(spark, sklearn, wine.BEGIN, wine.LIVE, wine.END, reason="again").training
    champion = next(check for check in again.verdict.checks if check.name == "champion")
    assert "the champion, version 1," in champion.sentence
    assert np.isfinite(again.metrics["champion"]["log_loss"])
