import dataclasses
import json
import re
import shutil
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow.artifacts import download_artifacts
from sklearn.metrics import log_loss

from headwater import features, lakehouse, training
from headwater.training.data.pandas_rows import to_pandas
from headwater.training.evaluation import load_sklearn as training_load
from headwater.training.registry.tracking import use_store

pytestmark = [
    # MLflow warns of its own type hints when mlflow.pyfunc is imported for the first time.
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),
]


@pytest.fixture(scope="module")
def first(spark, store, frame, kit, tmp_path_factory):
    """Give a first training, over SparkTrials, of a model that has never been registered."""
    name = f"main.tests.late_{uuid.uuid4().hex[:6]}"
    said: list[tuple[str, str]] = []
    search = training.SearchPlan(trials=4, parallelism=2, backend="spark", folds=training.TimeFolds(2))
    plan = kit.small_plan(name, search=search, reason="first day")
    result = training.train(
        kit.training_set(spark, frame),
        plan=plan,
        settings=store,
        log_model=kit.log_sklearn,
        progress=lambda step, detail: said.append((step, detail)),
    )
    return result, plan, said


def aliases(store, name):
    return {alias: str(version) for alias, version in use_store(store).get_registered_model(name).aliases.items()}


def test_the_first_training_becomes_champion(first, store):
    result, plan, said = first
    assert result.promoted
    assert result.verdict.passed
    assert "There is no champion yet." in result.verdict.reason
    assert training.champion(plan.model_name, settings=store).version in {1, "1"}
    assert [step for step, _ in said if step != "trial"] == list(result.seconds)
    assert sum(step == "trial" for step, _ in said) == 4


def test_the_holdout_is_judged_beside_both_baselines(first):
    result, _, _ = first
    assert set(result.metrics) == {"model", "overall_rate", "hour_and_carrier"}
    rows = result.predictions
    assert rows.columns.tolist() == ["id", "time", "late", "probability", "overall_rate", "hour_and_carrier"]
    assert rows["time"].min() >= pd.Timestamp("2013-09-01")
    assert rows["time"].max() < pd.Timestamp("2013-10-01")
    for name, column in (("model", "probability"), ("overall_rate", "overall_rate")):
        assert result.metrics[name]["log_loss"] == pytest.approx(log_loss(rows["late"], rows[column]))
    assert result.metrics["model"]["log_loss"] < result.metrics["hour_and_carrier"]["log_loss"]
    assert result.months["group"].tolist() == ["2013-09"]
    assert result.importance["feature"].iloc[0] == "wind"
    assert set(result.slices["group"]) == {"UA", "AA", "B6", "<missing>"}


def test_one_parent_run_has_the_trials_nested_and_all_artefacts(first, store):
    result, _, _ = first
    client = use_store(store)
    run = client.get_run(result.run_id)
    children = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{result.run_id}'")
    losses = {child.data.metrics["loss"] for child in children}
    assert len(children) == 4
    assert run.info.status == "FINISHED"
    assert result.search.loss == pytest.approx(min(losses))
    assert run.data.tags["headwater.gate"] == "passed"
    assert run.data.tags["headwater.reason"] == "first day"
    assert run.data.metrics["overall_rate.log_loss"] == pytest.approx(result.metrics["overall_rate"]["log_loss"])
    datasets = {seen.dataset.name: seen.dataset.digest for seen in run.inputs.dataset_inputs}
    assert set(datasets) == {"training", "holdout", "main.flights.weather"}
    assert datasets["main.flights.weather"] == "version-7"
    root = Path(download_artifacts(run_id=result.run_id, tracking_uri=store.mlflow_tracking_uri))
    assert root.is_relative_to(store.artifacts)
    assert {p.name for p in (root / "plots").iterdir()} == {
        "roc.png",
        "precision_recall.png",
        "calibration.png",
        "confusion_matrix.png",
        "feature_importance.png",
    }
    assert json.loads((root / "gate.json").read_text())["passed"] is True
    (page,) = (root / "overview").iterdir()  # no champion to stand beside
    assert page.name == "search.html"
    assert page.stat().st_size < 100_000
    tips = re.findall(r"<title>Trial (\d+), ", page.read_text())
    assert sorted(map(int, tips)) == [0, 1, 2, 3]


def test_the_pages_of_run_version_and_model_say_what_a_reviewer_needs(first, store):
    result, plan, _ = first
    client = use_store(store)
    version = client.get_model_version(plan.model_name, result.version).description
    status, _, card = version.replace("\u00a0", "").partition("\n\n---\n\n")
    assert status.startswith("Champion since ")
    assert card.startswith(f"### Gate\n\nAll {len(result.verdict.checks)} checks passed.")
    for found in (f"{result.metrics['hour_and_carrier']['log_loss']:.4g}", f"{result.metrics['model']['roc_auc']:.4g}"):
        assert f"| {found} |" in card
    assert "| `main.flights.weather` | 7 |" in card
    assert "There was no champion to compare with." in card
    note = client.get_run(result.run_id).data.tags["mlflow.note.content"].replace("\u00a0", "")
    assert {"### Gate", "### Metrics on the holdout", "### Since the champion", "### Data", "### Known limits"} <= set(
        note.splitlines()
    )
    assert "| `wind` |" in note
    table = result.slices.set_index("group")
    assert f"| carrier = UA | {table.loc['UA', 'rows']} | {table.loc['UA', 'rate']:.1%} |" in note
    model = client.get_registered_model(plan.model_name).description
    assert model.startswith(f"Champion: version {result.version}.")
    assert f"models:/{plan.model_name}@champion" in model


def test_a_run_named_history_has_each_versions_metrics_at_its_number(first, store):
    result, plan, _ = first
    client = use_store(store)
    experiment = client.get_run(result.run_id).info.experiment_id
    runs = client.search_runs([experiment], f"tags.`headwater.history_of` = '{plan.model_name}'")
    points = {one.step: one.value for one in client.get_metric_history(runs[0].info.run_id, "log_loss")}
    assert len(runs) == 1
    assert points[int(result.version)] == result.metrics["model"]["log_loss"]


def test_the_logged_model_gives_the_probabilities_of_the_result(first, store, frame):
    import mlflow

    result, _, _ = first
    use_store(store)
    model = mlflow.pyfunc.load_model(f"models:/{result.model_name}@champion")
    inputs = model.metadata.get_input_schema()
    assert {c.name: str(c.type) for c in inputs.inputs} == {
        "wind": "DataType.double",
        "noise": "DataType.double",
        "hour": "DataType.double",
        "carrier": "DataType.string",
    }
    assert not any(c.required for c in inputs.inputs)
    assert model.metadata.saved_input_example_info is not None
    rows = frame.set_index("id").loc[result.predictions["id"], inputs.input_names()]
    assert np.allclose(model.predict(rows)[:, 1], result.predictions["probability"])


def test_the_same_training_again_is_refused_and_the_champion_stays(first, spark, store, frame, kit, schema):
    result, plan, _ = first
    again = training.train(
        kit.training_set(spark, frame),
        plan=kit.small_plan(plan.model_name, promotion_table=f"{schema}.promotions"),
        settings=store,
        log_model=kit.log_sklearn,
    )
    assert not again.promoted
    assert "Against the champion, version 1, the log loss" in again.verdict.reason
    assert again.metrics["champion"]["log_loss"] == pytest.approx(result.metrics["model"]["log_loss"])
    root = Path(download_artifacts(run_id=again.run_id, tracking_uri=store.mlflow_tracking_uri))
    page = (root / "overview" / "champion_and_challenger.html").read_text()
    assert f"version {again.version} against the champion, version 1" in page
    assert f'<td class="number">{again.metrics["champion"]["log_loss"]:.4g}</td>' in page
    assert aliases(store, plan.model_name) == {"champion": "1", "challenger": again.version}
    entry = lakehouse.read_table(spark, f"{schema}.promotions").collect()[0]
    assert (entry.action, entry.version, entry.champion, entry.reason) == (
        "refuse",
        again.version,
        "1",
        again.verdict.reason,
    )
    assert use_store(store).get_run(again.run_id).data.tags["headwater.gate"] == "refused"


def test_a_better_model_replaces_the_champion_and_a_rollback_brings_it_back(spark, store, frame, kit):
    name = f"main.tests.late_{uuid.uuid4().hex[:6]}"
    blind = kit.training_set(spark, frame.drop(columns="wind"))
    lenient = training.Gate(least_roc_auc=0.5, baseline_confidence=None)
    weak = training.train(blind, plan=kit.small_plan(name, gate=lenient), settings=store, log_model=kit.log_sklearn)
    assert weak.promoted, weak.verdict.reason
    good = training.train(
        kit.training_set(spark, frame), plan=kit.small_plan(name), settings=store, log_model=kit.log_sklearn
    )
    assert good.promoted, good.verdict.reason
    assert good.metrics["model"]["log_loss"] < good.metrics["champion"]["log_loss"]
    assert aliases(store, name) == {"champion": good.version, "previous_champion": weak.version}
    training.rollback(name, reason="an alert", settings=store)
    assert aliases(store, name) == {"champion": weak.version}


def test_a_champion_that_does_not_load_is_never_replaced(spark, store, frame, kit):
    name = f"main.tests.late_{uuid.uuid4().hex[:6]}"
    rows = kit.training_set(spark, frame)
    lost = training.train(rows, plan=kit.small_plan(name), settings=store, log_model=kit.log_sklearn)
    client = use_store(store)
    logged = client.get_logged_model(lost.model_uri.removeprefix("models:/"))
    shutil.rmtree(logged.artifact_location.removeprefix("file://"))
    after = training.train(rows, plan=kit.small_plan(name), settings=store, log_model=kit.log_sklearn)
    assert not after.promoted
    assert f"The champion, version {lost.version}, could not be compared with" in after.verdict.reason
    assert "champion" not in after.metrics
    assert aliases(store, name)["champion"] == lost.version


def test_a_champion_whose_inputs_are_gone_is_never_replaced(first, spark, store, frame, kit):
    _, plan, _ = first
    poorer = kit.training_set(spark, frame.drop(columns="noise"))
    result = training.train(poorer, plan=kit.small_plan(plan.model_name), settings=store, log_model=kit.log_sklearn)
    assert not result.promoted
    assert "its inputs noise are not in the training set" in result.verdict.reason


def test_a_model_that_passes_stays_challenger_if_the_plan_does_not_promote(spark, store, frame, kit):
    name = f"main.tests.late_{uuid.uuid4().hex[:6]}"
    rows = kit.training_set(spark, frame)
    result = training.train(rows, plan=kit.small_plan(name, promote=False), settings=store, log_model=kit.log_sklearn)
    assert (result.verdict.passed, result.promoted) == (True, False)
    assert aliases(store, name) == {"challenger": result.version}


def test_a_champion_that_changed_since_the_comparison_is_not_overwritten(spark, store, frame, kit):
    name = f"main.tests.late_{uuid.uuid4().hex[:6]}"
    rows = kit.training_set(spark, frame)
    use_store(store).create_registered_model(name)

    def log_late(**given):
        other = use_store(store).create_model_version(name, source=store.artifacts.as_uri())
        training.promote(name, str(other.version), reason="another training was faster", settings=store)
        return kit.log_sklearn(**given)

    result = training.train(rows, plan=kit.small_plan(name), settings=store, log_model=log_late)
    assert not result.promoted
    assert "The champion is version 1 now, and the comparison was with none" in result.verdict.reason
    assert aliases(store, name) == {"champion": "1", "challenger": "2"}


# The example is given with the bare model inside; MLflow misses one of the package around it.
@pytest.mark.filterwarnings("ignore:.*An input example was not provided:UserWarning")
def test_a_packaged_champion_is_compared_by_the_bare_model_inside(spark, store, frame, kit, schema):
    table = f"{schema}.weather"
    rows = kit.training_set(spark, frame).df
    features.create_feature_table(spark, table, ["id"], rows.select("id", "wind", "noise"))
    lookup = features.FeatureLookup(table, "id", feature_names=["wind", "noise"])
    joined = features.create_training_set(rows.drop("wind", "noise"), [lookup], label="late")
    plan = kit.small_plan(f"main.tests.late_{uuid.uuid4().hex[:6]}")
    first = training.train(joined, plan=plan, settings=store)
    assert first.promoted, first.verdict.reason
    again = training.train(joined, plan=plan, settings=store)
    assert again.metrics["champion"]["log_loss"] == pytest.approx(first.metrics["model"]["log_loss"])
    assert "Against the champion, version 1, the log loss" in again.verdict.reason
    seen = use_store(store).get_run(again.run_id).inputs.dataset_inputs
    assert {one.dataset.name for one in seen} == {"training", "holdout", table}


def test_an_error_ends_the_run_as_failed_and_moves_no_alias(first, spark, store, frame, kit):
    _, plan, _ = first
    before = aliases(store, plan.model_name)

    def log_nothing(**_):
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        training.train(
            kit.training_set(spark, frame),
            plan=dataclasses.replace(kit.small_plan(plan.model_name), run_name="doomed"),
            settings=store,
            log_model=log_nothing,
        )
    client = use_store(store)
    experiment = client.get_experiment_by_name(plan.model_name)
    runs = client.search_runs([experiment.experiment_id], "attributes.run_name = 'doomed'")
    assert [run.info.status for run in runs] == ["FAILED"]
    assert aliases(store, plan.model_name) == before


def test_too_many_rows_are_refused_before_they_are_collected(spark, store, frame, kit):
    few = lakehouse.Settings(home=store.home, pandas_row_limit=1000)
    with pytest.raises(
        lakehouse.RowLimitError, match=r"4,000 rows, over the limit of 1,000 .*HEADWATER_PANDAS_ROW_LIMIT"
    ):
        training.train(
            kit.training_set(spark, frame),
            plan=kit.small_plan("main.tests.many"),
            settings=few,
            log_model=kit.log_sklearn,
        )
    assert training.champion("main.tests.many", settings=store) is None


def test_types_are_those_of_the_declared_schema_whatever_is_missing(spark):
    df = spark.sql(
        "SELECT * FROM VALUES (2, 1, 3Y, TRUE, CAST(1.5 AS DECIMAL(4,2)), 'b', NULL, TIMESTAMP'2013-01-02'), "
        "(1, 0, NULL, NULL, NULL, NULL, NULL, TIMESTAMP'2013-01-01') AS t(id, late, byte, flag, price, name, nothing, time)"
    ).selectExpr("id", "late", "byte", "flag", "price", "name", "CAST(nothing AS STRING) nothing", "time")
    found = to_pandas(df, label="late", time_column="time", exclude=("id",))
    assert found["id"].tolist() == [1, 2]
    kinds = {name: str(kind) for name, kind in found.dtypes.items()}
    assert kinds == {
        "id": "int32",
        "late": "int64",
        "byte": "float64",
        "flag": "float64",
        "price": "float64",
        "name": "object",
        "nothing": "object",
        "time": "datetime64[ns]",
    }
    assert found["name"].tolist() == [None, "b"]
    assert found["flag"].fillna(-1).tolist() == [-1, 1]


def test_labels_that_are_missing_or_not_binary_are_refused(spark):
    df = spark.sql(
        "SELECT * FROM VALUES (2, TIMESTAMP'2013-01-01'), (NULL, TIMESTAMP'2013-01-01'), (1, NULL) AS t(late, time)"
    )
    with pytest.raises(
        training.TrainingDataError, match="'late' must be 0 or 1: found 1 nulls and 1 other values, such as 2"
    ):
        to_pandas(df, label="late", time_column="time")


def test_inputs_that_are_neither_number_nor_string_are_named(spark):
    df = spark.sql("SELECT 1 AS late, TIMESTAMP'2013-01-01' AS time, DATE'2013-01-01' AS day, array(1) AS items")
    with pytest.raises(lakehouse.ColumnTypeError, match=r"'day' is date, must be a number.*'items' is array<int>"):
        to_pandas(df, label="late", time_column="time")


def test_a_training_that_was_interrupted_in_its_search_goes_on_from_its_trials(spark, store, frame, kit):
    name = f"main.tests.resumed_{uuid.uuid4().hex[:6]}"
    folds = training.TimeFolds(2)
    plan = kit.small_plan(name, search=training.SearchPlan(trials=5, backend="local", batch=1, folds=folds, rows=1500))
    rows = kit.training_set(spark, frame)

    def interrupted(step, detail):
        if step == "trial" and detail.startswith("2 "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(rows, plan=plan, settings=store, log_model=kit.log_sklearn, progress=interrupted)
    said = []
    resumed = training.train(
        rows,
        plan=plan,
        settings=store,
        log_model=kit.log_sklearn,
        progress=lambda step, detail: said.append((step, detail)),
    )
    assert "3 of them are those of a search that was interrupted" in dict(said)["search"]
    whole = training.train(
        rows,
        plan=dataclasses.replace(plan, model_name=f"{name}_whole", experiment=""),
        settings=store,
        log_model=kit.log_sklearn,
    )
    assert [(t.params, t.loss, t.fold_losses) for t in resumed.search.trials] == [
        (t.params, t.loss, t.fold_losses) for t in whole.search.trials
    ]
    assert [t.seconds for t in resumed.search.trials[:3]] != [t.seconds for t in whole.search.trials[:3]]
    client = use_store(store)
    run = client.get_run(resumed.run_id)
    children = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{resumed.run_id}'")
    assert len(children) == 5
    again = []
    training.train(
        rows,
        plan=plan,
        settings=store,
        log_model=kit.log_sklearn,
        progress=lambda step, detail: again.append((step, detail)),
    )
    assert "interrupted" not in dict(again)["search"]  # the one before came to its end


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (
            lambda _: (_ for _ in ()).throw(OSError("the file is cut short")),
            "cannot be used: OSError: the file is cut short",
        ),
        (lambda uri: _Other(training_load(uri)), "answers 50 rows of the holdout: differs by up to"),
    ],
)
def test_a_version_that_does_not_load_or_answers_otherwise_is_never_champion(spark, store, frame, kit, load, words):
    name = f"main.tests.other_{uuid.uuid4().hex[:6]}"
    plan = kit.small_plan(name, gate=training.Gate(latency_ms=None))
    result = training.train(
        kit.training_set(spark, frame), plan=plan, settings=store, log_model=kit.log_sklearn, load_model=load
    )
    assert not result.promoted
    assert words in result.verdict.reason
    assert training.champion(name, settings=store) is None
    assert aliases(store, name) == {"challenger": result.version}


class _Other:
    """A model that is not the judged one: it has the probabilities of the classes exchanged."""

    def __init__(self, model):
        self.classes_ = model.classes_
        self._model = model

    def predict_proba(self, inputs):
        return self._model.predict_proba(inputs)[:, ::-1]


def test_trials_that_were_cancelled_are_runs_too(spark, store, frame, kit):
    def build(params, columns):
        import time

        time.sleep(0.7)
        return training.logistic_regression().build({"C": 0.1}, columns)

    slow = training.ModelFamily("slow", {"x": training.Uniform(0, 1)}, build)
    search = training.SearchPlan(trials=4, parallelism=4, backend="local", timeout=1, folds=training.TimeFolds(2))
    plan = kit.small_plan(f"main.tests.slow_{uuid.uuid4().hex[:6]}", families=(slow,), search=search)
    result = training.train(kit.training_set(spark, frame), plan=plan, settings=store, log_model=kit.log_sklearn)
    assert [trial.status for trial in result.search.trials] == ["ok", "cancelled", "cancelled", "cancelled"]
    client = use_store(store)
    experiment = client.get_run(result.run_id).info.experiment_id
    children = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{result.run_id}'")
    assert sorted(child.data.tags["headwater.status"] for child in children) == ["cancelled"] * 3 + ["ok"]
