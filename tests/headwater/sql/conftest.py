"""The run's session with the SQL layer, taken off again for other tests."""

import pytest

from headwater.sql import install, uninstall


@pytest.fixture
def spark(spark):
    session = install(spark)
    yield session
    session.sql("USE main.default")  # wherever a test that failed has left it
    uninstall(spark)
