"""What tests of several packages share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def flights(spark):
    """Give a small run of the flights project: landed, materialised, trained, scored, labelled once for the whole run."""
    from tests.end_to_end.flights import small_run

    return small_run(spark)
