"""What holds of every kind of change: a new file in the room is held to it by being there."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.monitoring.alerts.kinds.kind import Column
from headwater.monitoring.alerts.kinds.registry import all_kinds
from headwater.monitoring.definitions.policy import CONSTANT_LIMITS
from headwater.monitoring.states.column_state import ColumnState, bin_edges, number_state, string_state

EDGES = bin_edges(np.linspace(-4, 4, 500))
COLUMNS = {"number": Column("x", "number", EDGES), "string": Column("x", "string", EDGES)}
CASES = [(kind, name) for kind in all_kinds().values() for name, column in COLUMNS.items() if kind.fits(column)]


def _state(kind, rng, shift=0):
    """Give 300 rows, a tenth of them without a value; with a shift, of other values and half of them without one."""
    nulls = 150 if shift else 30
    if kind == "number":
        return number_state(np.round(rng.normal(shift, 1, 300 - nulls), 1), nulls, EDGES)
    letters = np.array(list("wxyz" if shift else "abcd"), dtype=object)
    names, counts = np.unique(rng.choice(letters, 300 - nulls).astype(str), return_counts=True)
    return string_state(names.astype(object), counts, nulls)


@pytest.fixture
def compared():
    """Give a function that compares a window with six of the past, of which the third is the one named."""

    def compare(kind, name, window=None):
        rng = np.random.default_rng(8)
        past = [_state(name, rng) for _ in range(6)]
        scale = kind.scale(COLUMNS[name], past)
        now = kind.summary(COLUMNS[name], past[2] if window is None else window, scale)
        others = [kind.summary(COLUMNS[name], state, scale) for state in past]
        return None if now is None else kind.change(now, others)

    return compare


@pytest.mark.parametrize(("kind", "name"), CASES, ids=lambda one: getattr(one, "name", one))
def test_a_window_of_the_past_itself_has_not_changed(compared, kind, name):
    change = compared(kind, name)
    assert change.effect == 0
    assert change.pvalue > 0.5


def _changed(kind, name):
    """Give a window that has nothing of the past; for the kind that looks at repetition alone, one that has one value of it."""
    if kind.name == "repeats":
        return number_state(np.zeros(300), 0, EDGES)
    return _state(name, np.random.default_rng(9), shift=9)


@pytest.mark.parametrize(("kind", "name"), CASES, ids=lambda one: getattr(one, "name", one))
def test_a_window_that_has_nothing_of_the_past_has_changed_by_a_share_and_says_how(compared, kind, name):
    change = compared(kind, name, _changed(kind, name))
    assert kind.name in CONSTANT_LIMITS
    assert CONSTANT_LIMITS[kind.name] < change.effect <= 1
    assert change.pvalue < 1e-6
    assert change.words


@pytest.mark.parametrize(("kind", "name"), CASES, ids=lambda one: getattr(one, "name", one))
def test_a_window_without_rows_is_not_compared(compared, kind, name):
    assert compared(kind, name, ColumnState()) is None


def test_each_kind_says_what_it_concerns_and_fits_some_column():
    assert {kind.concerns for kind in all_kinds().values()} <= {"drift", "data"}
    assert {kind.name for kind, _ in CASES} == set(all_kinds())
