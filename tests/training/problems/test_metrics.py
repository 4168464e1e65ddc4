import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression

from headwater.training import RateBaseline, binary_metrics, metrics_by, paired_bootstrap
from headwater.training.problems.metrics import calibration_slope, expected_calibration_error, log_losses, roc_auc


def sample(rows=2000, seed=0):
    rng = np.random.default_rng(seed)
    chance = rng.beta(2, 5, rows).round(2)  # rounded: with ties
    return (rng.random(rows) < chance).astype(int), chance


@pytest.mark.parametrize("seed", range(5))
def test_the_metrics_are_scikit_learns(seed):
    label, chance = sample(seed=seed)
    found = binary_metrics(label, chance, threshold=0.3)
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(label, chance))
    assert found["log_loss"] == pytest.approx(sk.log_loss(label, chance))
    assert found["brier"] == pytest.approx(sk.brier_score_loss(label, chance))
    assert found["average_precision"] == pytest.approx(sk.average_precision_score(label, chance))
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(label, chance >= 0.3))


def test_certain_and_wrong_is_a_finite_loss_as_in_scikit_learn():
    assert log_losses([1, 0], [0.0, 1.0]).mean() == pytest.approx(sk.log_loss([1, 0], [0.0, 1.0]))


def test_the_calibration_slope_is_that_of_an_unpenalised_regression_on_the_log_odds():
    label, chance = sample()
    chance = np.clip(chance, 0.01, 0.99)
    odds = np.log(chance / (1 - chance))
    oracle = LogisticRegression(C=1e10, tol=1e-10).fit(odds[:, None], label)
    slope, intercept = calibration_slope(label, chance)
    assert slope == pytest.approx(oracle.coef_[0, 0], rel=1e-4)
    assert intercept == pytest.approx(oracle.intercept_[0], abs=1e-4)


def test_the_calibration_error_is_that_of_the_bins_by_hand():
    label, chance = [0, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.6, 0.7, 0.8]
    by_hand = (abs(0.2 - 1 / 3) + abs(0.7 - 2 / 3)) / 2
    assert expected_calibration_error(label, chance, bins=2) == pytest.approx(by_hand)


def test_one_class_alone_gives_nan_and_no_error():
    found = binary_metrics([0, 0], [0.1, 0.2])
    assert np.isnan(found["roc_auc"])
    assert np.isnan(found["calibration_slope"])
    assert found["log_loss"] == pytest.approx(-np.log(0.9 * 0.8) / 2)


def test_metrics_by_group_are_those_of_its_rows_and_missing_values_are_a_group():
    label, chance = sample(300)
    groups = pd.Series(np.resize(np.array(["a", "b", None], dtype=object), 300))
    table = metrics_by(groups, label, {"model": chance}).set_index("group")
    assert table.index.tolist() == ["<missing>", "a", "b"]
    mask = (groups == "b").to_numpy()
    assert table.loc["b", "log_loss_model"] == pytest.approx(sk.log_loss(label[mask], chance[mask]))
    assert table.loc["b", "roc_auc_model"] == pytest.approx(sk.roc_auc_score(label[mask], chance[mask]))


def test_the_bootstrap_repeats_itself_by_its_seed():
    label, chance = sample()
    other = np.full(len(label), label.mean())
    for metric in ("log_loss", "roc_auc"):
        first = paired_bootstrap(label, chance, other, metric=metric, resamples=100, seed=3)
        assert first == paired_bootstrap(label, chance, other, metric=metric, resamples=100, seed=3)
        assert first != paired_bootstrap(label, chance, other, metric=metric, resamples=100, seed=4)


def test_the_bootstrap_of_the_log_loss_has_the_interval_of_the_means_standard_error():
    label, chance = sample(5000)
    worse = np.clip(chance + 0.05, 0.01, 0.99)
    chance = np.clip(chance, 0.01, 0.99)
    found = paired_bootstrap(label, chance, worse, resamples=4000)
    per_row = log_losses(label, chance) - log_losses(label, worse)
    error = per_row.std() / np.sqrt(len(per_row))
    assert found.difference == pytest.approx(per_row.mean())
    assert (found.high - found.low) == pytest.approx(2 * 1.96 * error, rel=0.06)
    assert found.better > 0.99


def test_the_bootstrap_of_the_roc_auc_weighs_rows_as_repeating_them_does():
    label, chance = sample(400)
    other = np.random.default_rng(9).random(400).round(1)
    drawn = np.random.default_rng(5).integers(400, size=400)
    repeated = roc_auc(label[drawn], chance[drawn]) - roc_auc(label[drawn], other[drawn])
    one = paired_bootstrap(label, chance, other, metric="roc_auc", resamples=1, seed=5)
    assert one.low == pytest.approx(repeated)


def test_equal_models_are_better_half_the_time():
    label, chance = sample()
    assert paired_bootstrap(label, chance, chance).better == 0.5


def test_the_rate_baseline_leans_on_the_overall_rate_by_its_smoothing():
    train = pd.DataFrame({"carrier": ["UA"] * 8 + ["AA"] * 2, "hour": [1.0] * 10})
    label = [1, 1, 0, 0, 0, 0, 0, 0, 1, 1]
    rows = pd.DataFrame({"carrier": ["UA", "AA", None, "ZZ"], "hour": [1.0, 1.0, 1.0, np.nan]})
    found = RateBaseline("by", ("carrier", "hour"), smoothing=5.0).predict(train, label, rows)
    assert found.tolist() == pytest.approx([(2 + 5 * 0.4) / 13, (2 + 5 * 0.4) / 7, 0.4, 0.4])
