"""A number answered by quantiles goes the way of the other problems: training, registry, scores, labels, monitor, report."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics as sk

from headwater import FeatureEngineeringClient, FeatureLookup, jobs, lakehouse, serving
from headwater.outcome import DONE, REFUSED
from headwater.training import Gate, LogUniform, ModelFamily, RateBaseline, Regression, SearchPlan, TimeFolds
from headwater.training.models.quantile_members import quantile_members
from headwater.web.report import monthly_figures, write_report
from tests.end_to_end import wine

LEVELS = (0.1, 0.5, 0.9)
MODEL, ANALYSES = "main.bands.alcohol", "main.bands.analyses"
MEASURED = ("malic_acid", "ash", "magnesium", "flavanoids", "hue", "proline")


def _linear(params, columns):
    """Give a linear model of each quantile: the bundled boosting needs more than 96 rows."""
    from sklearn.linear_model import QuantileRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    del columns
    return quantile_members(
        [make_pipeline(StandardScaler(), QuantileRegressor(quantile=level, **params)) for level in LEVELS]
    )


def _plan(start, end):
    return replace(
        wine.plan(start, end),
        model_name=MODEL,
        label="alcohol",
        families=(ModelFamily("linear_quantiles", {"alpha": LogUniform(1e-4, 0.1)}, _linear),),
        search=SearchPlan(trials=2, folds=TimeFolds(1), backend="local", seed=1),
        gate=Gate(None, 0.9, slice_loss=None, calibration_error=None, latency_ms=None, most={"coverage_error": 0.3}),
    )


def _known(spark, as_of):
    rows = wine.wines()
    known = rows[rows["at"] < as_of.astimezone(dt.UTC).replace(tzinfo=None)]
    return spark.createDataFrame(known[["wine", "alcohol"]])


project = replace(
    wine.project,
    name="bands",
    model_name=MODEL,
    label="alcohol",
    problem=Regression("% vol", quantiles=LEVELS),
    baselines=(RateBaseline("overall_quantiles"),),
    lookups=(FeatureLookup(ANALYSES, "wine"),),
    outcomes=_known,
    plan=_plan,
    tables="main.bands",
)


@pytest.fixture(scope="module")
def trained(spark):
    frame = spark.createDataFrame(wine.wines()[["wine", *MEASURED]])
    FeatureEngineeringClient().create_table(name=ANALYSES, primary_keys="wine", df=frame)
    return jobs.train(spark, project, wine.BEGIN, wine.HOLDOUT, wine.LIVE, reason="first")


def test_quantiles_are_trained_judged_scored_and_reported(spark, trained, tmp_path):
    assert trained.job.code == DONE, trained.job.detail
    result = trained.training
    rows, names = result.predictions, list(project.problem.score_names)
    assert list(rows) == [
        *("wine", "at", "alcohol", "prediction"),
        *names,
        *("overall_quantiles", "overall_quantiles_q10", "overall_quantiles_q50", "overall_quantiles_q90"),
    ]
    each = [sk.mean_pinball_loss(rows["alcohol"], rows[n], alpha=q) for n, q in zip(names, LEVELS, strict=True)]
    assert result.metrics["model"]["pinball_loss"] == pytest.approx(np.mean(each))
    assert result.metrics["model"]["pinball_loss"] < result.metrics["overall_quantiles"]["pinball_loss"]
    # score_batch answers the quantiles that were judged.
    spine = spark.createDataFrame(rows[["wine", "at"]])
    scored = serving.score_batch(f"models:/{MODEL}/1", spine, result_type="array<double>").toPandas()
    found = np.array(scored.set_index("wine").loc[rows["wine"], "prediction"].tolist())
    np.testing.assert_allclose(found, rows[names].to_numpy(), rtol=1e-9)

    jobs.score(spark, project, wine.LIVE, wine.END)
    jobs.label(spark, project, wine.LIVE, wine.END)
    assert jobs.monitor(spark, project, wine.LIVE, wine.END).job.code in (DONE, REFUSED)
    table = lakehouse.read_table(spark, project.table("inference")).toPandas()
    assert len(table) == 34
    assert table["prediction"].equals(table["prediction_q50"])
    assert (np.diff(table[names].to_numpy(), axis=1) >= 0).all()
    settings = lakehouse.settings_of(spark)
    figures = monthly_figures(settings, project).set_index(["month", "predictor"])
    live = table.dropna(subset=["alcohol"])
    both = np.concatenate([live[names].to_numpy(), rows[names].to_numpy()])
    labels = np.concatenate([live["alcohol"], rows["alcohol"]])
    assert figures.loc[("2024-03", "model"), "coverage_error"] == pytest.approx(
        project.problem.metrics(labels, both)["coverage_error"]
    )
    write_report(settings, project, str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text()
    assert "Coverage error of the 80% interval" in page
    again = jobs.train(spark, project, wine.BEGIN, wine.LIVE, wine.END, reason="again").training
    champion = next(check for check in again.verdict.checks if check.name == "champion")
    assert "the champion, version 1," in champion.sentence
