"""Bisection of unsorted numbers against the plain way."""

import numpy as np

from headwater.features.joins.matching.sorted_search import last_of_unsorted, sorted_places


def test_the_last_of_unsorted_places_is_found_for_each_number_unless_it_is_there_twice():
    dice = np.random.default_rng(3)
    found, ambiguous = 0, 0
    for _ in range(3000):
        reach = int(dice.integers(2, 60))
        places = dice.integers(-3, reach, dice.integers(1, 40))
        numbers = dice.integers(-5, reach + 5, dice.integers(1, 20))
        before = [places[places <= number] for number in numbers]
        twice = any(len(one) and np.count_nonzero(one == one.max()) > 1 for one in before)
        got = last_of_unsorted(places, numbers)
        assert (got is None) == twice
        if got is None:
            ambiguous += 1
            continue
        assert [places[i] if i >= 0 else None for i in got] == [one.max() if len(one) else None for one in before]
        found += 1
    assert min(found, ambiguous) > 300


def test_places_are_sorted_with_equal_ones_in_their_order_however_many_bits_they_have_in_common():
    dice = np.random.default_rng(4)
    few_bits, many_bits = 0, 0
    for _ in range(600):
        count = int(dice.integers(0, 300))
        spread = int(dice.choice([3, 1 << 20, 1 << 40, 1 << 56, 1 << 60]))
        places = dice.integers(-spread, spread, count)
        near = dice.random(count) < dice.random()  # that differ only in bits for which a sort key has no room
        places[near] = spread - 1 - dice.integers(0, 50, np.count_nonzero(near))
        if count and dice.random() < 0.1:
            places[0] = np.iinfo(np.int64).min
            places[-1] = np.iinfo(np.int64).max
            many_bits += 1
        order, ordered = sorted_places(places)
        assert order.tolist() == np.argsort(places, kind="stable").tolist()
        assert ordered.tolist() == np.sort(places).tolist()
        few_bits += spread == 3
    assert min(few_bits, many_bits) > 30


def test_very_many_places_are_sorted_in_parts(monkeypatch):
    monkeypatch.setattr("headwater.features.joins.matching.sorted_search._WORTH_PARTS", 1000)
    places = np.random.default_rng(5).integers(-(1 << 58), 1 << 58, 5000)
    places[::7] = places[0]
    order, ordered = sorted_places(places)
    assert order.tolist() == np.argsort(places, kind="stable").tolist()
    assert ordered.tolist() == np.sort(places).tolist()
