"""What every problem must do. The test of a problem inherits the class, and gives a problem and labels as they are collected."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from headwater.training import Gate, Problem, RateBaseline, TrainingDataError
from headwater.training.judging.importance import permutation_importance
from headwater.training.models.families import Columns
from headwater.training.problems.groups import metrics_by
from headwater.training.search.trial import fit

ROWS = 240
INPUTS = pd.DataFrame(
    {
        "x": np.random.default_rng(1).normal(size=ROWS),
        "noise": np.random.default_rng(2).normal(size=ROWS),
        "group": np.array(["a", "b", None], dtype=object)[np.arange(ROWS) % 3],
    }
)
COLUMNS = Columns(("x", "noise"), ("group",))


class ProblemSuite:
    problem: ClassVar[Problem]
    values: ClassVar[pd.Series]  # labels as they are collected, that follow x
    impossible: ClassVar[tuple[Any, ...]]
    fitted: ClassVar[Any]

    @pytest.fixture
    def labels(self):
        return self.problem.labels(self.values)

    @pytest.fixture
    def settled(self, labels):
        return self.problem.settled(labels)

    @pytest.fixture
    def model(self, labels):
        if "fitted" not in vars(type(self)):
            family = self.problem.families()[-1]
            type(self).fitted = fit(family, family.start, COLUMNS, INPUTS, self.problem.to_fit(labels))
        return type(self).fitted

    @pytest.fixture
    def answers(self, settled, model):
        return settled.answers(model, INPUTS)

    def test_a_missing_or_impossible_label_is_an_error_that_counts_them(self):
        for value in (None, *self.impossible):
            odd = pd.concat([self.values, pd.Series([value], dtype=self.values.dtype if value is None else None)])
            with pytest.raises(TrainingDataError, match=r"The label 'label' must .*(1 nulls|1 other)"):
                self.problem.labels(odd.reset_index(drop=True).rename("label"))
            possible = self.problem.possible(odd.reset_index(drop=True))
            assert possible.tolist() == [True] * ROWS + [False]

    def test_every_family_of_its_own_learns_better_than_the_trivial_predictor(self, settled, labels):
        targets = settled.targets(labels)
        trivial = RateBaseline().predict(INPUTS, targets, INPUTS, centre=settled.centre)
        assert trivial.shape == settled.targets(labels).shape
        for family in self.problem.families():
            model = fit(family, family.start, COLUMNS, INPUTS, settled.to_fit(labels))
            answers = settled.answers(model, INPUTS)
            assert answers.shape == targets.shape
            assert settled.losses(labels, answers).mean() < settled.losses(labels, trivial).mean()
            assert settled.ranked(labels, answers) > settled.ranked(labels, trivial)

    def test_perfect_answers_have_the_least_loss(self, settled, labels, answers):
        perfect = settled.losses(labels, settled.targets(labels))
        assert perfect.shape == (ROWS,)
        assert perfect.max() <= 1e-9
        assert (settled.losses(labels, answers) >= perfect).all()

    def test_metrics_have_the_loss_and_every_titled_one_that_can_be_computed(self, settled, labels, answers):
        found = settled.metrics(labels, answers)
        assert found["rows"] == ROWS
        assert found[settled.loss] == pytest.approx(settled.losses(labels, answers).mean())
        assert found[settled.ranking] == pytest.approx(settled.ranked(labels, answers))
        assert set(found) >= set(settled.titles) - {"cost"}
        assert all(isinstance(value, float) for value in found.values())
        json.dumps(found)

    def test_metrics_of_a_group_without_variety_are_nan_and_no_error(self, settled, labels, answers):
        same = labels == labels[0]
        found = settled.metrics(labels[same], answers[same])
        assert np.isnan(found[settled.ranking])
        assert np.isfinite(found[settled.loss])

    def test_groups_have_the_metrics_of_their_rows(self, settled, labels, answers):
        table = metrics_by(INPUTS["group"], labels, {"model": answers}, problem=settled).set_index("group")
        assert table.index.tolist() == ["<missing>", "a", "b"]
        mask = (INPUTS["group"] == "b").to_numpy()
        assert table.loc["b", f"{settled.loss}_model"] == pytest.approx(
            settled.losses(labels[mask], answers[mask]).mean()
        )
        assert list(metrics_by(pd.Series([], dtype=object), labels[:0], {"model": answers[:0]}, problem=settled)) == [
            "group",
            *table.columns,
        ]

    def test_the_input_that_decides_is_the_most_important(self, settled, labels, model):
        table = permutation_importance(model, INPUTS, labels, problem=settled)
        assert table["feature"].iloc[0] == "x"

    def test_figures_are_drawn(self, settled, labels, answers):
        trivial = RateBaseline().predict(INPUTS, settled.targets(labels), INPUTS, centre=settled.centre)
        figures = settled.figures(labels, {"model": answers, "overall_rate": trivial})
        assert figures
        assert all(isinstance(one, Figure) and one.axes for one in figures.values())

    def test_predictions_say_what_score_batch_would_have_given(self, settled, model, answers):
        frame = pd.DataFrame({**settled.columns("model", answers), **settled.columns("overall_rate", answers)})
        assert len(frame.columns) == len(set(frame.columns))
        served = np.asarray(settled.served(frame), dtype=np.float64)
        np.testing.assert_allclose(
            served, np.asarray(getattr(model, settled.method)(INPUTS), dtype=np.float64), atol=1e-12
        )

    def test_the_signature_has_the_shape_of_what_is_served(self, settled, model):
        (tensor,) = settled.outputs().inputs
        given = np.asarray(getattr(model, settled.method)(INPUTS))
        assert tensor.shape[1:] == given.shape[1:]

    def test_the_gate_has_bounds_and_sentences_are_whole(self, settled, labels, answers):
        assert Gate(**settled.bounds).checks
        metrics = settled.metrics(labels, answers)
        assert all(not line[0].islower() and line.endswith(".") for line in settled.limits(metrics))
        assert "`y`" in settled.gives("y")
        assert "`y`" in settled.of_rows("y", labels)
