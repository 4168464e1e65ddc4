"""Classes and numbers go the way of a label of 0 and 1: features, training, registry, scores, labels, monitor, report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import sklearn.metrics as sk

from examples.flights import delay
from headwater import Project, jobs, lakehouse
from headwater.jobs import TrainOutcome
from headwater.monitoring import AlertPolicy
from headwater.outcome import DONE, REFUSED
from headwater.serving import open_model
from headwater.training import Gate, SearchPlan, TimeFolds, promote, use_store
from headwater.training.evaluation import load_sklearn
from headwater.web.report import figures_markdown, monthly_figures, write_report
from headwater.web.report.gain import gained
from headwater.web.report.judged import judged_rows
from headwater.web.report.models import model_versions
from headwater.web.report.tables import Store
from tests.end_to_end import flights as days
from tests.end_to_end import wine


@dataclass(frozen=True)
class Ran:
    """A project whose jobs have run, its first training, and the live rows' interval."""

    project: Project
    trained: TrainOutcome
    start: object
    end: object


@pytest.fixture(scope="module")
def minutes(spark, flights):
    """Run the flights' delay in minutes, on the small run's flights: too few to beat the medians by hour and carrier."""
    del flights
    search = SearchPlan(trials=2, folds=TimeFolds(1), rows=3000, backend="local", seed=1)
    gate = Gate(**(dict(delay.project.problem.bounds) | {"baseline_confidence": 0.6}))
    project = replace(
        delay.project,
        plan=lambda start, end: replace(delay.plan(start, end), search=search, gate=gate),
        baselines=delay.project.baselines[:1],
        granularities=("1 day",),
        alerts=AlertPolicy(granularity="1 day"),
    )
    trained = jobs.train(spark, project, days.BEGIN, days.HOLDOUT, days.LIVE, reason="test")
    return _scored(spark, project, trained, days.LIVE, days.END)


@pytest.fixture(scope="module")
def cultivar(spark):
    """Run the wines."""
    wine.write(spark)
    trained = jobs.train(spark, wine.project, wine.BEGIN, wine.HOLDOUT, wine.LIVE, reason="test")
    return _scored(spark, wine.project, trained, wine.LIVE, wine.END)


def _scored(spark, project, trained, start, end):
    assert trained.job.code == DONE, trained.job.detail
    jobs.score(spark, project, start, end)
    jobs.label(spark, project, start, end)
    assert jobs.monitor(spark, project, start, end).job.code in (DONE, REFUSED)
    return Ran(project, trained, start, end)


def _table(spark, ran, name):
    return lakehouse.read_table(spark, ran.project.table(name)).toPandas()


def _first_window(spark, ran):
    """Give the whole table's row of the first window of the monitor's profile."""
    profile = lakehouse.read_table(spark, ran.project.monitor.profile_table)
    whole = profile.where("column_name = ':table' AND log_type = 'INPUT' AND slice_key IS NULL")
    return whole.orderBy("window.start").first()


def test_a_numbers_training_beats_its_medians_and_is_judged_in_minutes(minutes):
    result = minutes.trained.training
    rows = result.predictions
    assert result.promoted
    assert list(rows) == [
        "flight_id",
        "prediction_time",
        "arr_delay",
        "prediction",
        "overall_median",
    ]
    found = result.metrics["model"]
    assert found["mean_absolute_error"] == pytest.approx(sk.mean_absolute_error(rows["arr_delay"], rows["prediction"]))
    assert found["r2_score"] == pytest.approx(sk.r2_score(rows["arr_delay"], rows["prediction"]))
    assert found["mean_absolute_error"] < result.metrics["overall_median"]["mean_absolute_error"]
    assert "Against the baseline overall_median the mean absolute error changes by -" in result.verdict.reason


def test_numbers_are_scored_labelled_and_monitored_as_a_regression(spark, minutes):
    scored = _table(spark, minutes, "inference")
    assert len(scored) > 3000
    assert scored["prediction"].notna().all()
    assert "prediction_proba" not in scored
    labelled = scored.dropna(subset=["arr_delay"])
    assert len(labelled) > 2000
    row = _first_window(spark, minutes)
    first = labelled[labelled["prediction_time"].dt.normalize() == row["window"]["start"].replace(tzinfo=None)]
    assert row["mean_average_error"] == pytest.approx(sk.mean_absolute_error(first["arr_delay"], first["prediction"]))
    baseline = _table(spark, minutes, "baseline")
    assert baseline["prediction"].notna().sum() == len(minutes.trained.training.predictions)


def test_classes_are_trained_scored_labelled_and_monitored(spark, cultivar):
    result = cultivar.trained.training
    rows = result.predictions
    chances = rows[[f"probability_{one}" for one in sorted(wine.CLASSES)]].to_numpy()
    assert result.promoted
    assert result.metrics["model"]["log_loss"] == pytest.approx(sk.log_loss(rows["cultivar"], chances))
    assert result.metrics["model"]["accuracy"] == pytest.approx(sk.accuracy_score(rows["cultivar"], rows["prediction"]))
    scored = _table(spark, cultivar, "inference")
    assert len(scored) == 34
    assert scored["cultivar"].notna().all()
    assert (scored["prediction"] == scored["cultivar"]).mean() > 0.8
    for row in scored.to_dict("records"):
        chance = dict(row["prediction_proba"])
        assert set(chance) == set(wine.CLASSES)
        assert max(chance, key=chance.__getitem__) == row["prediction"]
    row = _first_window(spark, cultivar)
    first = scored[scored["at"].dt.normalize() == row["window"]["start"].replace(tzinfo=None)]
    assert row["accuracy_score"] == pytest.approx(sk.accuracy_score(first["cultivar"], first["prediction"]))


@pytest.mark.parametrize("name", ["minutes", "cultivar"])
def test_performance_is_estimated_by_day_beside_what_the_labels_say(request, spark, name):
    ran = request.getfixturevalue(name)
    found = lakehouse.read_table(spark, ran.project.monitor.estimates_table).toPandas()
    numbers = {"mean_average_error", "root_mean_squared_error"}
    classes = {"roc_auc_score", "accuracy_score", "precision", "recall", "f1_score", "log_loss"}
    assert set(found["metric"]) == (numbers if name == "minutes" else classes)
    assert set(found["estimator"]) == {"direct loss" if name == "minutes" else "confidence-based"}
    known = found.dropna(subset=["estimated", "realised"])
    assert len(known) >= len(found) / 2
    assert (known["standard_error"] >= 0).all()
    if name == "minutes":
        error = known[known["metric"] == "mean_average_error"]
        assert ((error["estimated"] / error["realised"]).between(0.6, 1.7)).all()
    else:
        right = known[known["metric"] == "accuracy_score"]
        assert (right["estimated"] - right["realised"]).abs().max() < 0.2, (
            "12 wines a day, of which nearly all are right"
        )
        assert found.loc[found["metric"] == "accuracy_score", "rows"].sum() == len(_table(spark, ran, "inference"))


@pytest.mark.parametrize("name", ["minutes", "cultivar"])
def test_the_report_and_the_cards_speak_of_the_problem(request, spark, name, tmp_path):
    ran = request.getfixturevalue(name)
    settings, problem = lakehouse.settings_of(spark), ran.project.problem
    file = tmp_path / "report.html"
    write_report(settings, ran.project, str(file))
    page = file.read_text()
    for title in problem.shown.values():
        assert title in page
    figures = monthly_figures(settings, ran.project)
    predicted = ran.trained.training.predictions
    live = _table(spark, ran, "inference").dropna(subset=[ran.project.label])
    assert figures.loc[figures["predictor"] == "model", "rows"].sum() == len(predicted) + len(live)  # of one month
    assert "nan" not in figures_markdown(settings, ran.project)
    client = use_store(settings)
    version = client.get_model_version(ran.project.model_name, "1")
    assert (
        f"Gives, for each row, {problem.gives(ran.project.label)}"
        in client.get_registered_model(ran.project.model_name).description
    )
    assert all(
        text in version.description
        for text in ("### Gate", "### Metrics on the holdout", next(iter(problem.titles.values())))
    )


@pytest.mark.parametrize("name", ["minutes", "cultivar"])
def test_a_second_training_is_held_against_the_champion_and_the_same_commands_decide(request, spark, name):
    ran = request.getfixturevalue(name)
    begin, holdout = (days.BEGIN, days.MIDDLE) if name == "minutes" else (wine.BEGIN, wine.LIVE)
    again = jobs.train(spark, ran.project, begin, holdout, ran.end, reason="again").training
    champion = next(check for check in again.verdict.checks if check.name == "champion")
    assert "the champion, version 1," in champion.sentence
    assert again.promoted is again.verdict.passed
    assert np.isfinite(again.metrics["champion"][ran.project.problem.loss])


def test_a_loaded_model_answers_what_was_scored(spark, cultivar):
    import mlflow.pyfunc

    settings = lakehouse.settings_of(spark)
    use_store(settings)
    scored = _table(spark, cultivar, "inference").sort_values("wine")
    model = mlflow.pyfunc.load_model(f"models:/{wine.MODEL}/1")
    given = np.asarray(model.predict(scored[["wine", "at"]].head(5)))
    order = sorted(wine.CLASSES)
    expected = [[dict(one)[name] for name in order] for one in scored["prediction_proba"].head(5)]
    np.testing.assert_allclose(given, expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["minutes", "cultivar"])
def test_the_report_says_what_a_second_version_gained_over_the_first(request, spark, name, tmp_path):
    ran = request.getfixturevalue(name)
    problem, settings = ran.project.problem, lakehouse.settings_of(spark)
    file, whole = tmp_path / "report.html", "What retraining gained"
    write_report(settings, ran.project, str(file))
    assert whole not in file.read_text()
    # Another model takes over in the middle of the live days: of other rows.
    begin, holdout = (days.BEGIN, days.MIDDLE) if name == "minutes" else (wine.BEGIN, wine.LIVE)
    second = jobs.train(spark, ran.project, begin, holdout, ran.end, reason="again").training
    promote(ran.project.model_name, second.version, reason="to see it serve", settings=settings)
    middle = ran.start + (ran.end - ran.start) / 2
    jobs.score(spark, ran.project, middle, ran.end)
    jobs.label(spark, ran.project, ran.start, ran.end)
    write_report(settings, ran.project, str(file))
    page = file.read_text()
    assert whole in page

    store = Store(settings)
    versions = model_versions(settings, ran.project.model_name)
    gain = gained(store, ran.project, judged_rows(store, ran.project, versions), versions)
    scored = _table(spark, ran, "inference").dropna(subset=[ran.project.label])
    assert set(scored["model_version"]) == {"1", second.version}
    assert gain.first == "1"
    assert gain.total.versions == ("1", second.version)
    use_store(settings)
    model = load_sklearn(f"models:/{ran.project.model_name}/1")
    columns = list(model.feature_names_in_)
    kinds = {
        c: "object" if scored[c].dtype == object and isinstance(scored[c].dropna().iloc[0], str) else "float64"
        for c in columns
    }
    labels = problem.labels(scored[ran.project.label])
    frozen = problem.metrics(labels, problem.answers(model, scored[columns].astype(kinds)))
    served = problem.metrics(labels, problem.recorded(scored))
    for found in gain.total.differences:
        assert found.rows == len(scored)
        assert found.old == pytest.approx(frozen[found.metric])
        assert found.new == pytest.approx(served[found.metric])
        assert f">{found.old:.{4 if abs(found.old) < 10 else 2}f}<" in page
    assert sum(one.differences[0].rows for one in gain.months) == len(scored)

    spoilt = next(Path(open_model(f"models:/{ran.project.model_name}/1").raw_model).glob("model.*"))
    before = spoilt.read_bytes()
    try:
        spoilt.write_bytes(before + b"\0")
        write_report(settings, ran.project, str(file))
        assert "Version 1 cannot be compared with: " in file.read_text()
    finally:
        spoilt.write_bytes(before)
