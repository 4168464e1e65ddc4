import datetime as dt

import numpy as np
import pandas as pd
import pytest

from headwater.lakehouse import InvalidInputError
from headwater.training import Holdout, TimeFolds, TrainingDataError

DAY = dt.timedelta(days=1)


@pytest.mark.parametrize("seed", range(20))
def test_no_training_row_lies_in_or_after_its_validation_window_or_gap(seed):
    rng = np.random.default_rng(seed)
    times = pd.Series(pd.Timestamp("2013-01-01") + pd.to_timedelta(rng.integers(0, 90 * 24, 500), "h"))
    gap = dt.timedelta(hours=int(rng.integers(0, 72)))
    seen: set[int] = set()
    for fold in TimeFolds(int(rng.integers(1, 5)), gap=gap).split(times):
        assert times.iloc[fold.train].max() < times.iloc[fold.validate].min() - gap
        # Against a row by row reading of the rule.
        assert fold.train.tolist() == [i for i, t in enumerate(times) if t < fold.start - gap]
        assert fold.validate.tolist() == [i for i, t in enumerate(times) if fold.start <= t < fold.end]
        assert not seen & set(fold.validate)
        seen |= set(fold.validate)
    assert int(times.argmax()) in seen


def test_the_holdout_includes_its_start_and_excludes_its_end_and_the_gap():
    times = pd.Series(
        pd.to_datetime(
            ["2013-08-30", "2013-08-31", "2013-09-01", "2013-09-30 23:59:59", "2013-10-01"], format="ISO8601"
        )
    )
    train, holdout = Holdout(dt.datetime(2013, 9, 1), dt.datetime(2013, 10, 1), gap=DAY).split(times)
    assert train.tolist() == [0]
    assert holdout.tolist() == [2, 3]


def test_times_with_a_zone_are_compared_in_utc():
    times = pd.Series(
        pd.to_datetime(["2013-08-31T20:30:00-04:00", "2013-08-31T18:00:00-04:00"], utc=True).tz_convert(
            "America/New_York"
        )
    )
    train, holdout = Holdout(dt.datetime(2013, 9, 1, tzinfo=dt.UTC), dt.datetime(2013, 10, 1, tzinfo=dt.UTC)).split(
        times
    )
    assert (train.tolist(), holdout.tolist()) == ([1], [0])


def test_a_holdout_outside_the_rows_says_where_they_are():
    times = pd.Series(pd.date_range("2013-01-01", periods=3))
    with pytest.raises(TrainingDataError, match=r"3 rows before it and 0 in it \(rows from 2013-01-01"):
        Holdout(dt.datetime(2014, 1, 1), dt.datetime(2014, 2, 1)).split(times)


def test_a_fold_without_rows_is_refused():
    with pytest.raises(TrainingDataError, match="0 training"):
        TimeFolds(2, window=5 * DAY).split(pd.Series(pd.date_range("2013-01-01", periods=8)))


def test_a_missing_time_is_refused():
    with pytest.raises(TrainingDataError, match="1 nulls"):
        TimeFolds(1).split(pd.Series(pd.to_datetime(["2013-01-01", None])))


def test_a_negative_gap_and_an_empty_interval_are_refused():
    with pytest.raises(InvalidInputError, match="inside the window"):
        TimeFolds(gap=-DAY)
    with pytest.raises(InvalidInputError, match="is empty"):
        Holdout(dt.datetime(2013, 2, 1), dt.datetime(2013, 2, 1))
