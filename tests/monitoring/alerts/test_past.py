"""Learnt limits: undrifted windows raise next to nothing, drifted columns are found, slow ones are held to their own past."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from headwater.monitoring.alerts.kinds.kind import Column
from headwater.monitoring.alerts.past import Past, changes_of, learn_limits, learn_margin
from headwater.monitoring.definitions.policy import AlertPolicy
from headwater.monitoring.states.column_state import bin_edges, number_state, string_state

POLICY = AlertPolicy()
ROWS, WEEKS = 400, 12
NUMBERS = [f"n{at}" for at in range(10)]
TEXTS = [f"s{at}" for at in range(4)]
DRIFTED = [f"d{at}" for at in range(4)]


def numbers(values):
    values = np.round(np.asarray(values, dtype=float), 1)
    return number_state(values[~np.isnan(values)], int(np.isnan(values).sum()), EDGES)


def texts(values):
    names, counts = np.unique(np.asarray(values, dtype=object).astype(str), return_counts=True)
    return string_state(names.astype(object), counts, 0)


EDGES = bin_edges(np.linspace(-4, 4, 500))


def window(rng, shift=0.0):
    """Give a week of the benchmark's shape: ten numbers and four texts that stay, four numbers that may move."""
    found = {name: numbers(rng.normal(size=ROWS)) for name in NUMBERS}
    found |= {name: texts(rng.choice(["a", "b", "c", "d"], ROWS, p=[0.5, 0.3, 0.15, 0.05])) for name in TEXTS}
    moved = (
        rng.normal(shift, 1.0, ROWS),
        rng.normal(0.0, 1.0 + shift, ROWS),
        np.where(rng.uniform(size=ROWS) < shift / 3, np.nan, rng.normal(size=ROWS)),
        np.where(rng.uniform(size=ROWS) < shift / 4, 9.0, rng.normal(size=ROWS)),
    )
    return found | {name: numbers(values) for name, values in zip(DRIFTED, moved, strict=True)}


@pytest.fixture(scope="module")
def past() -> Past:
    rng = np.random.default_rng(7)
    weeks = [window(rng) for _ in range(WEEKS)]
    columns = {name: Column(name, "number", EDGES) for name in (*NUMBERS, *DRIFTED)}
    columns |= {name: Column(name, "string", EDGES) for name in TEXTS}
    return Past(columns, range(WEEKS), {name: [week[name] for week in weeks] for name in columns})


@pytest.fixture(scope="module")
def limits(past):
    return learn_limits(past, POLICY)


def test_a_thousand_windows_without_a_drift_raise_under_one_percent(past, limits):
    rng = np.random.default_rng(11)
    raised = sum(bool(changes_of(window(rng), past, limits, POLICY)) for _ in range(1000))
    assert raised < 10


def test_the_four_drifted_columns_are_found_and_none_of_the_fourteen_others(past, limits):
    found = changes_of(window(np.random.default_rng(3), shift=1.0), past, limits, POLICY)
    assert {one.column for one in found} == set(DRIFTED)
    kinds = {name: {one.kind for one in found if one.column == name} for name in DRIFTED}
    assert "values" in kinds["d0"]
    assert "values" in kinds["d1"]
    assert kinds["d2"] == {"nulls"}
    assert "tails" in kinds["d3"]


def test_a_new_category_is_named_and_a_renamed_one_found(past, limits):
    rng = np.random.default_rng(5)
    week = window(rng) | {"s0": texts(rng.choice(["a", "b", "c", "NEW"], ROWS, p=[0.5, 0.3, 0.15, 0.05]))}
    found = [one for one in changes_of(week, past, limits, POLICY) if one.kind == "new categories"]
    assert [one.column for one in found] == ["s0"]
    assert "NEW" in found[0].change.words


def test_a_slow_column_is_held_to_weeks_of_its_own_past():
    rng = np.random.default_rng(2)
    levels = 3 * np.sin(np.arange(40) / 40 * 4 * np.pi)
    weeks = [numbers(rng.normal(level, 0.2, ROWS)) for level in levels]
    past = Past({"slow": Column("slow", "number", EDGES)}, range(40), {"slow": weeks})
    learnt = learn_limits(past, POLICY)
    for level, over in ((levels[7] + 0.02, False), (levels[22], False), (7.0, True)):
        found = changes_of({"slow": numbers(rng.normal(level, 0.2, ROWS))}, past, learnt, POLICY)
        assert ("values" in {one.kind for one in found}) == over


def test_a_short_past_teaches_nothing_and_the_constants_hold(past):
    short = Past(past.columns, range(3), {name: states[:3] for name, states in past.states.items()})
    assert {kind: limit.value for (name, kind), limit in learn_limits(short, POLICY).items() if name == "n0"} == {
        "values": 0.1, "nulls": 0.05, "tails": 0.02, "repeats": 0.5,
    }  # fmt: skip


def test_the_margin_keeps_the_past_within_its_budget(past, limits):
    assert learn_margin(past, limits, POLICY, per_month=30 / 7) == 1.0
    rng = np.random.default_rng(1)
    wild = [np.r_[rng.exponential(0.01, 24), 0.9, 0.9][rng.permutation(26)] for _ in range(40)]
    learnt = {
        (f"w{at}", "values"): dataclasses.replace(limits["n0", "values"], effects=tuple(np.repeat(effects[::2], 2)))
        for at, effects in enumerate(wild)
    }
    calm = dataclasses.replace(POLICY, monthly_budget=1)
    assert learn_margin(past, learnt, calm, per_month=30 / 7) > learn_margin(past, limits, calm, per_month=30 / 7)
    together = learn_margin(past, learnt, calm, per_month=30 / 7, cause_of=lambda _: "one source")
    assert together <= learn_margin(past, learnt, calm, per_month=30 / 7)
