"""A feature table of two rows."""

import pytest

from headwater.features import (
    create_feature_table,
)


@pytest.fixture
def rows(spark):
    return spark.createDataFrame([(1, "a", 1.0), (2, "b", 2.0)], "id long, name string, v double")


@pytest.fixture
def table(spark, schema, rows):
    return create_feature_table(spark, f"{schema}.f", "id", rows, description="what it is", tags={"team": "x"})
