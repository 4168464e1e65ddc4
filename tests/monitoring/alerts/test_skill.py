"""Skill against scikit-learn, and held still where the base rate alone moves."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, r2_score, roc_auc_score

from headwater.monitoring.alerts.skill import SKILLS, Skill, skill_fell
from headwater.monitoring.alerts.watch import _not_judged_again, _performance
from headwater.monitoring.definitions.policy import AlertPolicy


def matrix(prediction, label):
    pairs, counts = np.unique(np.stack([prediction, label]).astype(int), axis=1, return_counts=True)
    return [
        {"prediction": str(p), "label": str(actual), "count": int(n)}
        for (p, actual), n in zip(pairs.T, counts, strict=True)
    ]


def scored(rng, rows, rate, apart=1.0):
    label = (rng.uniform(size=rows) < rate).astype(int)
    return label, rng.normal(size=rows) + apart * label


def skill(label, score):
    row = {"confusion_matrix": matrix(score > 0.5, label), "roc_auc": roc_auc_score(label, score)}
    return SKILLS["classification"](row)


def test_the_error_of_the_area_is_its_spread_over_repetitions():
    rng = np.random.default_rng(1)
    skills = [skill(*scored(rng, 600, 0.3)) for _ in range(300)]
    assert np.mean([one.error for one in skills]) == pytest.approx(np.std([one.value for one in skills]), rel=0.15)


def test_a_base_rate_that_rises_is_no_loss_and_a_worse_order_is():
    rng = np.random.default_rng(2)
    then, now, worse = (
        skill(*scored(rng, 4000, 0.2)),
        skill(*scored(rng, 4000, 0.45)),
        skill(*scored(rng, 4000, 0.2, 0.4)),
    )
    fall, pvalue = skill_fell(now, then)
    assert fall < 0.06 or pvalue > 0.001
    fall, pvalue = skill_fell(worse, then)
    assert fall > 0.06
    assert pvalue < 1e-6


def test_without_probabilities_skill_is_cohens_kappa_and_of_numbers_r_squared():
    rng = np.random.default_rng(3)
    label, score = scored(rng, 500, 0.4)
    kappa = SKILLS["classification"]({"confusion_matrix": matrix(score > 0.5, label), "roc_auc": None})
    assert kappa.value == pytest.approx(cohen_kappa_score(label, score > 0.5))
    truth = rng.normal(size=500)
    found = r2_score(truth, truth + rng.normal(size=500) / 2)
    assert SKILLS["regression"]({"r2_score": found, "rows": 500}).value == found


def test_rows_of_one_class_or_without_labels_have_no_skill():
    assert SKILLS["classification"]({"confusion_matrix": None, "roc_auc": None}) is None
    assert SKILLS["classification"]({"confusion_matrix": matrix(np.ones(9), np.ones(9)), "roc_auc": 0.5}) is None
    assert SKILLS["regression"]({"r2_score": None, "rows": 9}) is None
    assert skill_fell(Skill(0.5, 0.0, ""), Skill(0.4, 0.0, "")) == (0.0, 1.0)


def test_a_model_is_held_to_its_own_holdout_or_to_a_baseline_that_names_no_model_and_else_to_none():
    start, end, now, then = (
        dt.datetime(2013, 12, 2),
        dt.datetime(2013, 12, 9),
        Skill(0.1, 0.01, ""),
        Skill(0.5, 0.01, "it is 0.5"),
    )
    for baseline, told in (({"2": then}, 1), ({"*": then}, 1), ({"1": then, "*": then}, 0), ({}, 0)):
        skills = {(start, "2"): now, (start, "*"): now} | {(None, model): skill for model, skill in baseline.items()}
        assert len(_performance(start, end, AlertPolicy(), skills, [])) == told, baseline


def test_what_was_found_of_a_model_stays_when_the_baseline_has_become_another_models():
    start, end, skill = dt.datetime(2013, 12, 2), dt.datetime(2013, 12, 9), Skill(0.5, 0.01, "it is 0.5")
    found = _performance(start, end, AlertPolicy(), {(start, "1"): Skill(0.1, 0.01, ""), (None, "1"): skill}, [])
    assert len(found) == 1
    assert _not_judged_again(found, {(None, "2"): skill, (None, "*"): skill}) == found
    for baseline in ("1", "*"):
        assert _not_judged_again(found, {(None, baseline): skill}) == []
