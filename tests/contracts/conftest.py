"""The published client to compare with: its files, fetched once, by the tests alone.

The package is licensed for use with Databricks and for tests; who runs the library does not get it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fetched import fetched

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def published():
    """Give the published package's signatures; fetches it by its pin and hash where it is not there yet."""
    from published import Package

    return Package(fetched("contract"))
