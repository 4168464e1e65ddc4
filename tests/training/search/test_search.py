import datetime as dt
from dataclasses import replace

import pytest

from headwater.lakehouse import InvalidInputError
from headwater.training import (
    Choice,
    Integers,
    LogUniform,
    ModelFamily,
    SearchFailedError,
    SearchPlan,
    SparkContextError,
    TimeFolds,
    Uniform,
    binary_families,
    logistic_regression,
    search,
)
from headwater.training.search.hyperopt_engine import compiled

FOLDS = TimeFolds(2, gap=dt.timedelta(days=1))
INPUTS = ["wind", "hour", "carrier", "late", "time"]


def stumps(fails_at=None):
    """Give a small family; a function of its own travels to Spark's workers by value."""

    def build(params, columns):
        from sklearn.compose import ColumnTransformer
        from sklearn.pipeline import make_pipeline
        from sklearn.tree import DecisionTreeClassifier

        if fails_at is None or params["depth"] == fails_at:
            raise ArithmeticError(f"no tree of depth {params['depth']}")
        kept = ColumnTransformer([("numbers", "passthrough", list(columns.numeric))])
        return make_pipeline(kept, DecisionTreeClassifier(max_depth=params["depth"], random_state=0))

    return ModelFamily("stumps", {"depth": Choice((1, 2, 13))}, build, {"depth": 13})


def test_the_local_search_repeats_itself_by_its_seed(frame):
    plan = SearchPlan(trials=5, backend="local", folds=FOLDS, rows=1500, startup=3, seed=11)
    first = search(frame[INPUTS], "late", "time", binary_families(), plan)
    again = search(frame[INPUTS], "late", "time", binary_families(), plan)
    assert [(t.family, t.params, t.loss) for t in first.trials] == [(t.family, t.params, t.loss) for t in again.trials]
    assert (first.rows, first.backend, len(first.trials)) == (1500, "local", 5)
    assert first.loss == min(t.loss for t in first.trials) == first.best.loss
    assert {t.family for t in first.trials[:2]} == {"hist_gradient_boosting", "logistic_regression"}  # the starts
    assert all(t.ranking > 0.7 and len(t.fold_losses) == 2 for t in first.trials)


def test_a_trial_that_raises_is_recorded_and_the_search_goes_on(frame):
    seen = []
    plan = SearchPlan(trials=4, backend="local", folds=FOLDS)
    found = search(frame[INPUTS], "late", "time", [stumps(13)], plan, on_trial=seen.append)
    assert found.trials[0].status == "fail"
    assert "ArithmeticError: no tree of depth 13" in found.trials[0].error
    assert found.params["depth"] in {1, 2}
    assert [t.number for t in seen] == [t.number for t in found.trials]


@pytest.mark.parametrize("backend", ["spark", "sparktrials"])
def test_a_search_on_spark_keeps_the_trace_of_a_failing_trial(frame, spark, backend):
    spark.sparkContext.setLocalProperty("spark.jobGroup.id", "mine")
    seen = []
    plan = SearchPlan(trials=5, parallelism=2, backend=backend, folds=FOLDS)
    families = [*binary_families(), stumps(13)]
    found = search(frame[INPUTS], "late", "time", families, plan, on_trial=seen.append)
    assert (found.backend, len(found.trials), len(seen)) == (backend, 5, 5)
    failed = next(t for t in found.trials if t.family == "stumps")
    assert "ArithmeticError: no tree of depth 13" in failed.error
    assert found.loss == min(t.loss for t in found.trials if not t.failed)
    # The starts are the same trials wherever they run.
    here = search(frame[INPUTS], "late", "time", families, SearchPlan(trials=2, backend="local", folds=FOLDS))
    assert [t.loss for t in here.trials] == pytest.approx([t.loss for t in found.trials[:2]])
    assert spark.sparkContext.getLocalProperty("spark.jobGroup.id") == "mine"
    spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)


@pytest.mark.parametrize("backend", ["local", "spark", "sparktrials"])
def test_if_all_trials_fail_the_error_shows_their_traces(frame, spark, backend):
    with pytest.raises(SearchFailedError, match=r"(?s)All 2 trials failed.*ArithmeticError: no tree of depth 13"):
        search(frame[INPUTS], "late", "time", [stumps()], SearchPlan(trials=2, backend=backend, folds=FOLDS))


@pytest.mark.parametrize("backend", ["spark", "sparktrials"])
def test_an_error_in_the_callers_report_ends_the_search_and_does_not_hang(frame, spark, backend):
    def report(trial):
        raise RuntimeError("the console is gone")

    with pytest.raises(RuntimeError, match="the console is gone"):
        search(
            frame[INPUTS],
            "late",
            "time",
            [stumps(13)],
            SearchPlan(trials=2, backend=backend, folds=FOLDS),
            on_trial=report,
        )


@pytest.mark.parametrize("backend", ["spark", "sparktrials"])
def test_a_timeout_cancels_the_running_trials_and_leaves_the_callers_jobs(frame, spark, backend):
    def build(params, columns):
        import time

        time.sleep(60)

    slow = ModelFamily("slow", {"x": Uniform(0, 1)}, build)
    plan = SearchPlan(trials=2, backend=backend, folds=FOLDS, timeout=3)
    with pytest.raises(SearchFailedError, match="cancel"):
        search(frame[INPUTS], "late", "time", [slow], plan)


def test_the_same_seed_and_batch_give_the_same_trials_at_any_parallelism_and_here(frame, spark):
    def trials(backend, parallelism):
        plan = SearchPlan(
            trials=9, parallelism=parallelism, backend=backend, folds=FOLDS, rows=600, startup=3, seed=5, batch=3
        )
        found = search(frame[INPUTS], "late", "time", [logistic_regression(), stumps(13)], plan).trials
        return [(trial.number, trial.family, dict(trial.params), trial.loss) for trial in found]

    here = trials("local", 1)
    assert len(here) == 9
    assert trials("spark", 1) == here
    assert trials("spark", 3) == here


def test_a_search_here_begins_no_trial_after_its_time(frame):
    plan = SearchPlan(trials=50, backend="local", folds=FOLDS, timeout=0, batch=4)
    found = search(frame[INPUTS], "late", "time", [logistic_regression()], plan)
    assert [trial.status for trial in found.trials] == ["ok", "cancelled", "cancelled", "cancelled"]


def test_without_a_spark_session_the_backend_spark_says_what_to_do(frame, monkeypatch):
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", staticmethod(lambda: None))
    with pytest.raises(SparkContextError, match="found no active Spark session"):
        search(frame[INPUTS], "late", "time", [stumps(13)], SearchPlan(trials=1, backend="spark", folds=FOLDS))
    assert search(frame[INPUTS], "late", "time", [stumps(2)], SearchPlan(trials=2, folds=FOLDS)).backend == "local"


def test_what_the_space_draws_lies_in_its_bounds_and_its_integers_reach_both_ends():
    import numpy as np
    from hyperopt.pyll.stochastic import sample

    space = {"a": Integers(2, 4), "b": Integers(1, 8, log=True), "c": LogUniform(0.1, 1), "d": Choice(("x", None))}
    drawn_from = compiled({"f": ModelFamily("f", space, dict)})
    rng = np.random.default_rng(0)
    drawn = [sample(drawn_from, rng)["params"] for _ in range(300)]
    values = [{name: space[name].value(point[name]) for name in space} for point in drawn]
    assert {v["a"] for v in values} == {2, 3, 4}
    assert {v["b"] for v in values} == set(range(1, 9))
    assert all(0.1 <= v["c"] <= 1 for v in values)
    assert {v["d"] for v in values} == {"x", None}


def test_a_choice_gives_its_values_as_they_are():
    import numpy as np
    from hyperopt.pyll.stochastic import sample

    values = [[64, 32], [128], (1, 2), {"depth": [3]}, None, True, 1, 1.0, "1"]
    space = {"one": Choice(values), "two": Choice(np.arange(1, 5)), "three": Choice(([64, 32], [128]))}
    drawn_from = compiled({"f": ModelFamily("f", space, dict)})
    rng = np.random.default_rng(0)
    drawn = [sample(drawn_from, rng)["params"] for _ in range(200)]
    found = [{name: space[name].value(point[name]) for name in space} for point in drawn]
    assert {repr(point["one"]) for point in found} == set(map(repr, values))
    assert {repr(point["two"]) for point in found} == {"1", "2", "3", "4"}
    assert {repr(point["three"]) for point in found} == {"[64, 32]", "[128]"}
    assert [space["one"].drawn(value) for value in values] == list(range(len(values)))
    with pytest.raises(InvalidInputError, match="5 is not among the choices"):
        space["two"].drawn(5)
    with pytest.raises(InvalidInputError, match=r"found 'gini': write Choice\(\['gini'\]\)"):
        Choice("gini")


def test_empty_dimensions_and_unknown_backends_are_refused():
    with pytest.raises(InvalidInputError, match="low must be below high"):
        Uniform(1, 1)
    with pytest.raises(InvalidInputError, match="nothing to choose"):
        Choice(())
    with pytest.raises(InvalidInputError, match="Known: auto, local, spark"):
        SearchPlan(backend="sparks")


def _counted(ran):
    """Give a family that notes each depth that is fitted."""

    def build(params, columns):
        ran.append(params["depth"])
        return stumps(0).build(params, columns)

    return ModelFamily("stumps", {"depth": Integers(1, 12)}, build)


def _said(trials):
    return [(t.number, t.family, dict(t.params), t.status, t.loss, t.fold_losses, t.fold_rankings) for t in trials]


@pytest.mark.parametrize("kept", [range(3), (0, 2, 5), (1,)])
def test_a_search_that_goes_on_from_known_trials_equals_one_that_was_not_interrupted(frame, kept):
    ran = []
    plan = SearchPlan(trials=7, parallelism=2, backend="local", folds=FOLDS, rows=1500, startup=3, seed=5, prune=True)
    whole = search(frame[INPUTS], "late", "time", [_counted(ran)], plan)
    ran.clear()
    texts = {n: replace(whole.trials[n], params={k: str(v) for k, v in whole.trials[n].params.items()}) for n in kept}
    again = search(frame[INPUTS], "late", "time", [_counted(ran)], plan, known=texts)
    assert _said(again.trials) == _said(whole.trials)
    fitted = [len(t.fold_losses) * [t.params["depth"]] for t in whole.trials if t.number not in kept]
    assert ran == [depth for trial in fitted for depth in trial]


def test_known_trials_of_other_hyperparameters_and_failed_ones_are_run(frame):
    ran = []
    plan = SearchPlan(trials=3, backend="local", folds=FOLDS, rows=1500, seed=5)
    whole = search(frame[INPUTS], "late", "time", [_counted(ran)], plan)
    ran.clear()
    odd = {0: replace(whole.trials[0], params={"depth": 99}), 1: replace(whole.trials[1], status="fail", loss=None)}
    assert _said(search(frame[INPUTS], "late", "time", [_counted(ran)], plan, known=odd).trials) == _said(whole.trials)
    assert len(ran) == 6


@pytest.mark.parametrize("backend", ["local", "spark"])
def test_pruned_trials_end_after_a_fold_and_are_never_the_best(frame, spark, backend):
    plan = SearchPlan(
        trials=9, parallelism=2, batch=3, backend=backend, folds=TimeFolds(3), rows=2000, startup=9, seed=2, prune=True
    )
    found = search(frame[INPUTS], "late", "time", [stumps(0), logistic_regression()], plan)
    whole = search(frame[INPUTS], "late", "time", [stumps(0), logistic_regression()], replace(plan, prune=False))
    pruned = [t for t in found.trials if t.status == "pruned"]
    assert pruned
    assert all(t.number >= 4 and len(t.fold_losses) < 3 and not t.failed for t in pruned)
    assert found.best.status == "ok"
    assert found.loss == whole.loss  # drawn at random, the trials are the same, and no good one was given up
    for one in found.trials:
        assert one.fold_losses == pytest.approx(whole.trials[one.number].fold_losses[: len(one.fold_losses)])


def test_a_search_ends_when_it_gets_no_better_or_fails_too_often(frame):
    plan = SearchPlan(trials=30, backend="local", folds=FOLDS, rows=1000, batch=1, patience=3)
    found = search(frame[INPUTS], "late", "time", [stumps(0)], plan)
    assert len(found.trials) == found.best.number + 4
    failing = replace(plan, patience=None, failures=2, startup=30)
    found = search(frame[INPUTS], "late", "time", [stumps(13), logistic_regression()], failing)
    assert sum(t.failed for t in found.trials) == 2
    assert len(found.trials) < 30
