"""The run's session with the SQL layer, taken off again for other tests."""

import pytest

from headwater.sql import install, uninstall


@pytest.fixture
def spark(spark):
    yield install(spark)
    uninstall(spark)
