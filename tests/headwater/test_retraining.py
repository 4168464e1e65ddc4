"""When to train again: the policy alone, without Spark."""

from __future__ import annotations

import datetime as dt

import pytest

from headwater.lakehouse import InvalidInputError
from headwater.retraining import Asked, Retraining

DAY = dt.timedelta(days=1)
NOW = dt.datetime(2013, 12, 1, tzinfo=dt.UTC)
POLICY = Retraining(apart=14 * DAY, every=90 * DAY)


@pytest.mark.parametrize(
    ("last", "asked", "trains", "words"),
    [
        (None, (), True, "no model yet"),
        (13, (5,), False, "the next may begin from 2013-12-02"),
        (14, (5,), True, "As of 2013-11-26, the monitor asked for it: 5 days ago"),
        (30, (5, 9), True, "5 days ago"),  # the newest
        (30, (31, 30), False, "not asked for it"),  # before the last training, and on its end: that one heard it
        (30, (-1,), False, "not asked for it"),  # after this time: not known then
        (89, (), False, "no time is up"),
        (90, (), True, "90 days have passed"),
    ],
)
def test_the_policy_trains_when_asked_or_when_time_is_up_and_never_too_soon(last, asked, trains, words):
    requests = [Asked(NOW - days * DAY, f"{days} days ago") for days in asked]
    verdict = POLICY.verdict(NOW, last_end=None if last is None else NOW - last * DAY, asked=requests)
    assert verdict.train is trains
    assert words in verdict.reason


def test_without_a_time_of_its_own_the_policy_waits_for_the_monitor():
    assert not Retraining().verdict(NOW, last_end=NOW - 3000 * DAY, asked=[]).train


@pytest.mark.parametrize("given", [{"holdout": 0 * DAY}, {"every": -DAY}, {"history": 0 * DAY}, {"apart": -DAY}])
def test_lengths_are_positive(given):
    with pytest.raises(InvalidInputError, match="must be a positive time"):
        Retraining(**given)
