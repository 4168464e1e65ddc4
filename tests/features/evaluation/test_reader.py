"""Where a process reads feature rows from."""

import pytest

from headwater import lakehouse
from headwater.features import FeatureLookup, create_feature_table, create_training_set
from headwater.features.evaluation.reader import DeltaFilesReader, SparkReader, feature_reader


@pytest.fixture
def spec(spark, schema):
    rows = spark.sql(
        "SELECT * FROM VALUES (1, timestamp '2024-01-01', 1.5D), (1, timestamp '2024-01-03', 2.5D), (2, timestamp "
        "'2024-01-01', NULL) AS t(k, ts, x)"
    )
    create_feature_table(spark, f"{schema}.t", ["k", "ts"], rows, "ts")
    labels = spark.sql("SELECT 1 AS k, timestamp '2024-01-02' AS at")
    return create_training_set(
        labels, [FeatureLookup(f"{schema}.t", "k", timestamp_lookup_key="at")], None
    ).feature_spec


def test_each_reader_gives_the_same_columns_in_the_order_of_the_rows(spark, spec):
    import pandas as pd

    times = pd.to_datetime(["2024-01-04", "2024-01-02", "2024-01-02", "2023-12-31", "2024-01-04"])
    rows = pd.DataFrame({"k": pd.Series([1, 2, 1, 1, 9], dtype="int32"), "at": times})
    for reader in (DeltaFilesReader(lakehouse.settings_of(spark)), SparkReader()):
        assert reader.unreadable(spec) is None
        found = reader.read(spec, rows)
        assert list(found.columns) == ["k", "at", "x"]
        assert found["x"].fillna(-1).tolist() == [2.5, -1, 1.5, -1, -1]


def test_files_are_not_read_where_the_store_has_no_such_table(spec, tmp_path):
    reader = DeltaFilesReader(lakehouse.Settings(home=tmp_path))
    assert "is not in the embedded store" in reader.unreadable(spec)


def test_a_process_with_an_active_session_reads_by_spark(spec):
    assert feature_reader(spec) == SparkReader()
