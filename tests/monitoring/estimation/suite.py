"""What every estimator must do. The test of an estimator inherits the class, and gives rows whose labels it can draw again."""

from __future__ import annotations

import json
import math
import pickle
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import pytest

from headwater.monitoring.estimation.estimator import DocumentedEstimator, Estimator, Rows
from headwater.monitoring.estimation.limits import learn_limits

DRAWS = 300


class EstimatorSuite(ABC):
    learns_documents = True
    ratios: ClassVar = {}
    """By metric, between which bounds its standard error may lie, in true ones; else between 0.8 and 1.25."""

    @abstractmethod
    def estimator(self) -> Estimator:
        """Give the estimator, which has learnt nothing yet."""

    @abstractmethod
    def rows(self, rows: int, seed: int, *, hard: float = 0.0) -> Rows:
        """Give rows of which the model is right less often the higher `hard` is, from 0 to 1, at the same share for a score."""

    @abstractmethod
    def labels(self, rows: Rows, rng: np.random.Generator) -> np.ndarray:
        """Draw labels for the rows anew."""

    @pytest.fixture
    def fitted(self):
        """Give the estimator, fitted once for all tests of the class."""
        if "_fitted" not in vars(type(self)):
            type(self)._fitted = self.estimator().fit(self.rows(100_000, 1))
        return type(self)._fitted

    @pytest.fixture
    def window(self):
        return self.rows(2_000, 2, hard=0.3)

    def test_the_states_of_parts_add_up_to_that_of_the_whole(self, fitted, window):
        order = np.random.default_rng(3).permutation(len(window))
        parts = [fitted.state(window.take(part)) for part in np.array_split(order, 7)]
        np.testing.assert_allclose(sum(parts), fitted.state(window), rtol=1e-9, atol=1e-9)

    def test_labels_of_a_window_are_not_looked_at(self, fitted, window):
        unknown = Rows(window.predictions, window.scores, np.full(len(window), np.nan), window.inputs)
        assert fitted.estimates(fitted.state(unknown)) == fitted.estimates(fitted.state(window))

    def test_of_no_rows_nothing_is_estimated(self, fitted, window):
        none = window.take(np.zeros(0, dtype=np.intp))
        found = fitted.estimates(fitted.state(none))
        assert list(found) == list(fitted.metrics)
        assert all(math.isnan(one.value) and math.isnan(one.error) for one in found.values())

    def test_every_metric_has_a_realised_value_of_the_same_name(self, fitted, window):
        assert set(fitted.realised(window)) == set(fitted.metrics) == set(fitted.estimates(fitted.state(window)))

    def test_estimates_are_the_mean_of_realised_metrics_and_their_errors_the_spread(self, fitted, window):
        """Labels drawn 300 times for the same rows: the truth that an estimate and its standard error speak of."""
        rng = np.random.default_rng(4)
        drawn = [
            fitted.realised(Rows(window.predictions, window.scores, self.labels(window, rng), window.inputs))
            for _ in range(DRAWS)
        ]
        for name, estimate in fitted.estimates(fitted.state(window)).items():
            values = np.array([one[name] for one in drawn])
            assert estimate.value == pytest.approx(values.mean(), abs=estimate.error), name
            least, most = self.ratios.get(name, (0.8, 1.25))
            assert least < estimate.error / values.std() < most, name

    def test_a_harder_window_is_estimated_to_be_worse_than_the_reference(self, fitted):
        easy, hard = (fitted.estimates(fitted.state(self.rows(20_000, 5, hard=hard))) for hard in (0.0, 0.9))
        for name, higher_is_better in fitted.metrics.items():
            assert (hard[name].value < easy[name].value) == higher_is_better, name

    def test_what_was_learnt_survives_a_document_and_a_trip_to_a_worker(self, fitted, window):
        again = pickle.loads(pickle.dumps(fitted))
        assert again.estimates(again.state(window)) == fitted.estimates(fitted.state(window))
        assert isinstance(fitted, DocumentedEstimator) == self.learns_documents
        if isinstance(fitted, DocumentedEstimator):
            restored = self.estimator().restored(json.loads(json.dumps(fitted.document())))
            assert restored.estimates(restored.state(window)) == fitted.estimates(fitted.state(window))

    def test_a_window_like_the_reference_is_normal_and_a_much_harder_one_is_not(self, fitted):
        reference = self.rows(20_000, 1)
        limits = learn_limits(
            fitted, reference, [reference.take(part) for part in np.array_split(np.arange(20_000), 10)]
        )
        found = {hard: fitted.estimates(fitted.state(self.rows(2_000, 6, hard=hard))) for hard in (0.0, 1.0)}
        beyond = {
            hard: [limits[name].beyond(one[name], higher_is_better=better) for name, better in fitted.metrics.items()]
            for hard, one in found.items()
        }
        assert not any(beyond[0.0])
        assert any(beyond[1.0])
