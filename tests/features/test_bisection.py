"""Bisection of unsorted numbers against the plain way."""

import numpy as np

from features.bisection import last_of_unsorted


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
