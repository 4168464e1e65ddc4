"""What the rules' tests share: which rule a test is of, times, and lookups."""

from __future__ import annotations

import datetime as dt

from headwater.features import (
    FeatureLookup,
)

AT = dt.datetime(2024, 1, 10, 12)
DAY = dt.timedelta(days=1)


def rule(number, says):
    """Say which rule a test holds us to."""

    def note(test):
        test.__doc__ = f"Rule {number}: {says}."
        return test

    return note


def sales_of(s, **options):
    return FeatureLookup(f"{s}.sales", "store", timestamp_lookup_key="at", **options)


def shops_of(s, **options):
    return FeatureLookup(f"{s}.shops", "store", **options)
