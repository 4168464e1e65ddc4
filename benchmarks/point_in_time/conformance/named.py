"""Each case by its name: what joins as of a time get wrong, in as few rows as show it."""

from __future__ import annotations

import datetime as dt

from benchmarks.point_in_time.conformance.cases import Case, LongHistory

__all__ = ["CASES", "long_history"]

_NOON = dt.datetime(2024, 1, 15, 12, tzinfo=dt.UTC)
_HOUR = dt.timedelta(hours=1)
_MICRO = dt.timedelta(microseconds=1)
_NEW_YORK = "America/New_York"


def _at(hours: float) -> dt.datetime:
    return _NOON + hours * _HOUR


def _utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def _around(moments: list[dt.datetime]) -> list[dt.datetime]:
    """Return each moment with the microseconds before and after it."""
    return [moment + shift * _MICRO for moment in moments for shift in (-1, 0, 1)]


def _labels(key: str, moments: list[dt.datetime]) -> tuple[tuple, ...]:
    return tuple((i, key, moment) for i, moment in enumerate(moments))


def _history(key: str, moments: list[dt.datetime]) -> tuple[tuple, ...]:
    return tuple((key, moment, float(i), i + 0.5) for i, moment in enumerate(moments))


def _tied() -> tuple[tuple, ...]:
    """Rows in threes of one key and time, the greatest in each place once; NULL is lowest, and x counts before z."""
    rows = []
    for i in range(30):
        three = [(2.0, None), (2.0, float(i)), (1.0, 99.0)] if i % 2 else [(None, 5.0), (3.0, 1.0), (3.0, -float(i))]
        rows += [(f"t{i}", _at(0), *values) for values in three[i % 3 :] + three[: i % 3]]
        rows.append((f"t{i}", _at(-1), 50.0, 50.0))
    return tuple(rows)


_ODD = ("a", "A", "a ", " a", "", "ä", "a-b", "a|b", "NULL", "None", "nan", "0", "00", "1e3", "1000")
_SPRING, _AUTUMN = _utc(2024, 3, 10, 7), _utc(2024, 11, 3, 6)  # when clocks change in New York
_CLOCKS = [change + minutes * _HOUR / 60 for change in (_SPRING, _AUTUMN) for minutes in range(-150, 151, 30)]
_DAY = dt.timedelta(days=1)
_DAYS_OVER_CLOCKS = tuple(
    (f"c{i}", change - 12 * _HOUR, float(i), i + 0.5) for i, change in enumerate((_SPRING, _AUTUMN))
)
_AFTER_A_DAY = tuple(
    (3 * i + n, f"c{i}", change + 12 * _HOUR + hours * _HOUR)
    for i, change in enumerate((_SPRING, _AUTUMN))
    for n, hours in enumerate((-1, 0, 1))
)
_MIDNIGHTS = [_utc(2023, 12, 31), _utc(2024, 1, 1), _utc(2024, 2, 29), _utc(2024, 3, 1)]
_FAR_APART = [_utc(1900, 1, 1, 12), _NOON, _utc(9999, 12, 30)]
_STEP = dt.timedelta(microseconds=1_000)
_REGULAR = [_NOON + i * _STEP for i in range(64)]
_BUCKET = 63 * _STEP // 64  # the mean distance of rows, as wide as the buckets of forms that cut time into some
_BORDERS = _around(
    [*_REGULAR, *[_NOON + i * _BUCKET for i in range(70)], *[_NOON + i * 1024 * _MICRO for i in range(70)]]
)

_ALL = (
    Case(
        "plain",
        "A few keys, rows and labels in no order",
        tuple((i, "abc"[i % 3], _at((i * 7) % 24 / 2 + 0.25)) for i in range(24)),
        tuple(("abc"[i % 3], _at((i * 5) % 13), float(i), i / 4) for i in range(39)),
    ),
    Case(
        "before_the_first",
        "A label before the first feature row of its key, beside one after it",
        ((0, "a", _at(-1)), (1, "a", _at(1)), (2, "b", _at(-1))),
        (("a", _at(0), 1.0, 2.0), ("b", _at(0), 3.0, 4.0)),
    ),
    Case(
        "only_future_rows",
        "All feature rows lie after all labels",
        ((0, "a", _at(-2)), (1, "b", _at(-1)), (2, "b", _at(0) - _MICRO)),
        (("a", _at(0), 1.0, 2.0), ("b", _at(0), 3.0, 4.0), ("b", _at(5), 5.0, 6.0)),
    ),
    Case(
        "exactly_at_the_time",
        "A feature row exactly at the label's time counts; a microsecond later it does not",
        _labels("a", _around([_at(0), _at(1)])),
        _history("a", [_at(-1), _at(0), _at(1)]),
    ),
    Case(
        "microseconds_apart",
        "Feature rows a microsecond apart",
        _labels("a", [_NOON + i * _MICRO for i in range(-2, 12)]),
        _history("a", [_NOON + i * _MICRO for i in range(10)]),
    ),
    Case(
        "null_in_the_newest_row",
        "The newest row has NULL in one feature: the row counts as a whole",
        ((0, "a", _at(1)), (1, "b", _at(1)), (2, "c", _at(1))),
        (
            *[(key, _at(-1), 1.0, 2.0) for key in "abc"],
            ("a", _at(0), None, 4.0),
            ("b", _at(0), 3.0, None),
            ("c", _at(0), None, None),
        ),
    ),
    Case(
        "tied_feature_rows",
        "Feature rows of one key and time: the greatest counts, column by column, NULL lowest",
        tuple((i, f"t{i}", _at(i % 2)) for i in range(30)),
        _tied(),
    ),
    Case(
        "tied_labels",
        "Label rows of one key and time that differ in other columns",
        tuple((i, "ab"[i % 2], _at(1)) for i in range(6)),
        (("a", _at(0), 1.0, 2.0), ("b", _at(1), 3.0, 4.0)),
    ),
    Case(
        "duplicate_labels",
        "Label rows that are the same in every column",
        ((0, "a", _at(1)), (0, "a", _at(1)), (1, "b", _at(1)), (1, "b", _at(1)), (1, "b", _at(1)), (2, "a", _at(2))),
        (("a", _at(0), 1.0, 2.0), ("c", _at(1), 3.0, 4.0)),
    ),
    Case(
        "null_label_key",
        "Labels whose key is NULL keep their row, and get NULLs",
        ((0, None, _at(1)), (1, "a", _at(1)), (2, None, _at(1))),
        (("a", _at(0), 1.0, 2.0), ("", _at(0), 3.0, 4.0)),
    ),
    Case(
        "null_label_time",
        "Labels whose time is NULL keep their row, and get NULLs",
        ((0, "a", None), (1, "a", _at(1)), (2, "b", None)),
        (("a", _at(0), 1.0, 2.0), ("b", _at(0), 3.0, 4.0)),
    ),
    Case(
        "null_feature_time",
        "Feature rows whose time is NULL never count",
        ((0, "a", _at(1)), (1, "b", _at(1))),
        (("a", _at(0), 1.0, 2.0), ("a", None, 3.0, 4.0), ("b", None, 5.0, 6.0)),
    ),
    Case(
        "null_times_on_both_sides",
        "NULL is not the time of NULL",
        ((0, "a", None), (1, "b", _at(1))),
        (("a", None, 3.0, 4.0), ("b", None, 5.0, 6.0), ("b", _at(0), 1.0, 2.0)),
    ),
    Case(
        "null_keys_on_both_sides",
        "NULL is not the key of NULL",
        ((0, None, _at(1)), (1, "a", _at(1))),
        ((None, _at(0), 1.0, 2.0), ("a", _at(0), 3.0, 4.0), (None, _at(1), 5.0, 6.0)),
    ),
    Case(
        "keys_of_one_side_alone",
        "Keys that no label has, and keys that no feature row has",
        ((0, "a", _at(1)), (1, "label's", _at(1)), (2, "later", _at(1))),
        (("a", _at(0), 1.0, 2.0), ("b", _at(0), 3.0, 4.0), ("z", _at(1), 5.0, 6.0), ("later", _at(2), 7.0, 8.0)),
    ),
    Case(
        "keys_that_look_alike",
        "Keys that differ by case, blanks, accents or zeros, the empty text, and texts like NULL",
        tuple((i, key, _at(1)) for i, key in enumerate(_ODD)),
        tuple((key, _at(0), float(i), i + 0.5) for i, key in enumerate(_ODD)),
    ),
    Case(
        "composite_keys",
        "Keys of two columns, ('1', '12') and ('11', '2') at one time",
        ((0, "1", "12", _at(1)), (1, "11", "2", _at(1)), (2, "1", "2", _at(1)), (3, "112", "", _at(1))),
        (("1", "12", _at(0), 1.0, 2.0), ("11", "2", _at(0), 3.0, 4.0), ("1", "2", _at(0), 5.0, 6.0)),
        width=2,
    ),
    Case(
        "composite_keys_half_null",
        "Keys of two columns of which one is NULL, on both sides",
        ((0, "a", None, _at(1)), (1, None, "b", _at(1)), (2, "a", "b", _at(1)), (3, None, None, _at(1))),
        (("a", None, _at(0), 1.0, 2.0), (None, "b", _at(0), 3.0, 4.0), ("a", "b", _at(0), 5.0, 6.0)),
        width=2,
    ),
    Case(
        "lookback_at_its_edge",
        "A row as old as the lookback counts; a microsecond older it does not",
        _labels("a", _around([_at(0), _at(1), _at(4)])),
        _history("a", [_at(0), _at(3)]),
        lookback=_HOUR,
    ),
    Case(
        "lookback_of_a_day",
        "A day of lookback: rows of 24 hours, and a microsecond more",
        _labels("a", _around([_at(0), _at(24), _at(47), _at(72)])),
        _history("a", [_at(0), _at(48)]),
        lookback=_DAY,
    ),
    Case(
        "lookback_and_null",
        "With lookback: a newest row with NULLs is not replaced by an older one, nor is one that is too old",
        ((0, "a", _at(2)), (1, "b", _at(9)), (2, "c", _at(2))),
        (
            ("a", _at(0), 1.0, 2.0),
            ("a", _at(1), None, 4.0),
            ("b", _at(0), 5.0, 6.0),
            ("b", _at(1), None, 8.0),
            ("c", _at(1), None, None),
            ("c", _at(0), 9.0, 9.0),
        ),
        lookback=3 * _HOUR,
    ),
    Case(
        "lookback_of_nothing",
        "A lookback of zero: rows at the label's very time alone",
        _labels("a", _around([_at(0), _at(1)])),
        _history("a", [_at(0), _at(1)]),
        lookback=dt.timedelta(0),
    ),
    Case(
        "midnights",
        "Rows at midnight UTC, of new year and of a leap day, and labels about them",
        _labels("a", _around(_MIDNIGHTS)),
        _history("a", _MIDNIGHTS),
    ),
    Case(
        "clocks_change",
        "Times about the hours in which New York's clocks change",
        _labels("a", _around(_CLOCKS)),
        _history("a", _CLOCKS[::2]),
    ),
    Case(
        "clocks_change_where_the_session_is",
        "The same in a session of New York's time zone, where an hour of the clock comes twice",
        _labels("a", _around(_CLOCKS)),
        _history("a", _CLOCKS[::2]),
        time_zone=_NEW_YORK,
    ),
    Case(
        "day_of_lookback_where_clocks_change",
        "A lookback of 24 hours over the change of clocks, in a session of New York's time zone",
        _AFTER_A_DAY,
        _DAYS_OVER_CLOCKS,
        lookback=_DAY,
        time_zone=_NEW_YORK,
    ),
    Case(
        "years_1900_and_9999",
        "Rows of the years 1900 and 9999 beside those of today",
        _labels("a", _around(_FAR_APART)),
        _history("a", _FAR_APART),
    ),
    Case(
        "many_keys_over_centuries",
        "Sixty keys over eight thousand years: key and time together need more than 64 bits",
        tuple((i, f"k{i % 60}", _around(_FAR_APART)[i // 60]) for i in range(540)),
        tuple((f"k{i}", at, float(i), i + at.year / 1e4) for i in range(60) for at in _FAR_APART),
    ),
    Case("no_features", "A feature table without rows", ((0, "a", _at(0)), (1, "b", _at(1)), (2, None, _at(1))), ()),
    Case("no_labels", "No label rows", (), (("a", _at(0), 1.0, 2.0),)),
    Case(
        "bucket_borders",
        "Rows at equal distances, labels on every border between rows and between buckets of time",
        _labels("a", _BORDERS),
        _history("a", _REGULAR),
        alone=True,
    ),
)
CASES = {case.name: case for case in _ALL}


def long_history(rows: int = 3_000_000, labels: int = 100_000) -> LongHistory:
    """Return the case of one key with so many rows."""
    return LongHistory(rows, labels)
