import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, roc_auc_score

from headwater.lakehouse import InvalidInputError
from headwater.training import Binary, Multiclass, Regression, paired_jackknife


@pytest.fixture(scope="module")
def scored():
    """Give labels, two models' probabilities of 1, and days of which each has a mood of its own."""
    rng = np.random.default_rng(4)
    days = np.repeat(np.arange(30), 60)
    mood = rng.normal(0, 1.0, 30)[days]
    truth = rng.normal(size=len(days))
    labels = (truth + 0.5 * mood + rng.normal(size=len(days)) > 0.5).astype(np.int64)
    new, old = truth + 0.4 * mood + rng.normal(0, 0.3, len(days)), truth + rng.normal(0, 0.8, len(days))
    return labels, 1 / (1 + np.exp(-new)), 1 / (1 + np.exp(-old)), days


def test_with_a_group_per_row_a_mean_has_the_error_and_the_interval_of_a_paired_t_test(scored):
    labels, new, old, _ = scored
    problem = Binary()
    found = paired_jackknife(problem, "log_loss", labels[:400], new[:400], old[:400], np.arange(400))
    losses = [problem.losses(labels[:400], answers[:400]) for answers in (new, old)]
    expected = stats.ttest_rel(*losses)
    interval = expected.confidence_interval(0.95)
    assert found.difference == pytest.approx(losses[0].mean() - losses[1].mean())
    assert found.error == pytest.approx(found.difference / expected.statistic)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert (found.groups, found.rows) == (400, 400)


def test_the_error_of_a_roc_auc_is_that_of_leaving_each_day_out_by_hand(scored):
    labels, new, old, days = scored
    found = paired_jackknife(Binary(), "roc_auc", labels, new, old, days)
    each = []
    for day in range(30):
        kept = days != day
        each.append(roc_auc_score(labels[kept], new[kept]) - roc_auc_score(labels[kept], old[kept]))
    by_hand = math.sqrt(29 / 30 * sum((one - np.mean(each)) ** 2 for one in each))
    assert found.difference == pytest.approx(roc_auc_score(labels, new) - roc_auc_score(labels, old))
    assert found.error == pytest.approx(by_hand)
    assert found.verdict == "better"


def test_the_error_is_about_that_of_drawing_days_again(scored):
    labels, new, old, days = scored
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(days == day) for day in range(30)]
    drawn = []
    for _ in range(400):
        kept = np.concatenate([rows[day] for day in rng.integers(30, size=30)])
        drawn.append(roc_auc_score(labels[kept], new[kept]) - roc_auc_score(labels[kept], old[kept]))
    found = paired_jackknife(Binary(), "roc_auc", labels, new, old, days)
    assert found.error == pytest.approx(np.std(drawn), rel=0.2)


def test_a_metric_that_is_lower_for_a_better_model_is_read_the_other_way():
    rng = np.random.default_rng(1)
    labels, days = rng.normal(size=600), np.repeat(np.arange(20), 30)
    near, far = labels + rng.normal(0, 0.1, 600), labels + rng.normal(0, 1.0, 600)
    for metric in Regression().shown:
        assert paired_jackknife(Regression(), metric, labels, near, far, days).verdict == "better"
        assert paired_jackknife(Regression(), metric, labels, far, near, days).verdict == "worse"
        assert paired_jackknife(Regression(), metric, labels, near, near, days).verdict == "not told apart"


def test_classes_are_compared_by_their_accuracy():
    rng = np.random.default_rng(2)
    labels, days = rng.integers(0, 3, 300), np.repeat(np.arange(10), 30)
    new, old = rng.dirichlet([1, 1, 1], 300), rng.dirichlet([1, 1, 1], 300)
    found = paired_jackknife(Multiclass(("a", "b", "c")), "accuracy", labels, new, old, days)
    assert found.new == pytest.approx(accuracy_score(labels, new.argmax(axis=1)))
    assert found.old == pytest.approx(accuracy_score(labels, old.argmax(axis=1)))


def test_what_is_not_defined_has_no_error_and_is_not_told_apart(scored):
    labels, new, old, days = scored
    one_day = paired_jackknife(Binary(), "log_loss", labels, new, old, np.zeros(len(labels)))
    assert math.isnan(one_day.error)
    assert one_day.verdict == "not told apart"
    only_one_day_has_ones = np.where(days == 3, labels, 0)
    found = paired_jackknife(Binary(), "roc_auc", only_one_day_has_ones, new, old, days)
    assert math.isfinite(found.difference)
    assert math.isnan(found.low)


def test_lengths_that_differ_and_unknown_metrics_are_named(scored):
    labels, new, old, days = scored
    with pytest.raises(InvalidInputError, match="found 1800 labels, 1800 new answers, 3 old answers, 1800 groups"):
        paired_jackknife(Binary(), "roc_auc", labels, new, old[:3], days)
    with pytest.raises(InvalidInputError, match=r"binary has no metric 'auc'\. Known: rows, rate, roc_auc"):
        paired_jackknife(Binary(), "auc", labels, new, old, days)
