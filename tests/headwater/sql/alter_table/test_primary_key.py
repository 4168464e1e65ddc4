"""Primary keys of tables that are there."""

import pytest

from headwater import lakehouse
from headwater.features import get_feature_table


def test_keys_are_declared_and_dropped_later(spark, schema):
    spark.sql(f"CREATE TABLE {schema}.t (id BIGINT, at TIMESTAMP, `odd_col` INT) TBLPROPERTIES ('mine' = '1')")
    spark.sql(f"INSERT INTO {schema}.t VALUES (1, current_timestamp(), NULL)")
    with pytest.raises(ValueError, match=r"id, at may be NULL. First: ALTER TABLE .* ALTER COLUMN `id` SET NOT NULL"):
        spark.sql(f"ALTER TABLE {schema}.t ADD CONSTRAINT k PRIMARY KEY (id, at TIMESERIES)")
    with pytest.raises(ValueError, match="NULL keys: 1 in 'odd_col'"):
        spark.sql(f"ALTER TABLE {schema}.t ALTER COLUMN `odd_col` SET NOT NULL")
    for column in ("id", "AT"):
        spark.sql(f"ALTER TABLE {schema}.t ALTER COLUMN {column} SET NOT NULL")
    assert [f.nullable for f in spark.table(f"{schema}.t").schema] == [False, False, True]
    spark.sql(f"ALTER TABLE {schema}.t ADD CONSTRAINT k PRIMARY KEY (id, at TIMESERIES)")
    table = get_feature_table(spark, f"{schema}.t")
    assert (table.primary_keys, table.timestamp_keys) == (("id", "at"), ("at",))
    with pytest.raises(Exception, match=r"(?i)not null"):
        spark.sql(f"INSERT INTO {schema}.t VALUES (NULL, current_timestamp(), 2)")
    with pytest.raises(lakehouse.HeadwaterError, match="DROP PRIMARY KEY first"):
        spark.sql(f"ALTER TABLE {schema}.t ADD PRIMARY KEY (id)")
    for change in ("ALTER COLUMN id DROP NOT NULL", "RENAME COLUMN id TO other", "DROP COLUMN id"):
        with pytest.raises(ValueError, match=r"the primary key of .* has it"):
            spark.sql(f"ALTER TABLE {schema}.t {change}")
    spark.sql(f"ALTER TABLE {schema}.t ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES {schema}.t (id) NOT ENFORCED")
    spark.sql(f"ALTER TABLE {schema}.t ADD CONSTRAINT pos CHECK (id > 0)")
    for constraint in ("fk", "pos", "k"):
        spark.sql(f"ALTER TABLE {schema}.t DROP CONSTRAINT {constraint}")
    spark.sql(f"ALTER TABLE {schema}.t DROP PRIMARY KEY IF EXISTS")
    with pytest.raises(ValueError, match="no primary key"):
        spark.sql(f"ALTER TABLE {schema}.t DROP PRIMARY KEY")
    with pytest.raises(ValueError, match="without a primary key"):
        get_feature_table(spark, f"{schema}.t")
    spark.sql(f"ALTER TABLE {schema}.t ALTER COLUMN id DROP NOT NULL")
    history = [row["operation"] for row in spark.sql(f"DESCRIBE HISTORY {schema}.t").collect()]
    assert "CHANGE COLUMN" in history
    assert spark.table(f"{schema}.t").count() == 1
    assert lakehouse.table_properties(spark, f"{schema}.t")["mine"] == "1"
