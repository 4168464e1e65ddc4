"""Tags, owners and comments."""

import pytest

from headwater import lakehouse
from headwater.features import get_feature_table


def test_tags_owners_and_comments_of_tables_and_columns_are_kept_and_shown(spark, schema):
    spark.sql(f"CREATE TABLE {schema}.t (id INT PRIMARY KEY, v INT)")
    spark.sql(f"ALTER TABLE {schema}.t SET TAGS ('team' = 'x', \"cost center\" = 'hr')")
    spark.sql(f"SET TAG ON TABLE {schema}.t `since` = `2024`")
    spark.sql(f"ALTER TABLE {schema}.t UNSET TAGS ('cost center')")
    assert get_feature_table(spark, f"{schema}.t").tags == {"team": "x", "since": "2024"}
    spark.sql(f"ALTER TABLE {schema}.t ALTER COLUMN v SET TAGS ('pii' = 'no', 'k' = '1')")
    spark.sql(f"UNSET TAG ON COLUMN {schema}.t.V k")
    assert lakehouse.table_properties(spark, f"{schema}.t")["headwater.columnTags.v"] == '{"pii": "no"}'
    spark.sql(f"COMMENT ON TABLE {schema}.t IS 'it''s'")
    spark.sql(f"COMMENT ON COLUMN {schema}.t.v IS \"a 'v'\"")
    spark.sql(f"ALTER TABLE {schema}.t ALTER COLUMN id COMMENT 'who'")
    spark.sql(f"ALTER TABLE {schema}.t SET OWNER TO `some one`")
    rows = spark.sql(f"DESCRIBE TABLE EXTENDED {schema}.t").collect()
    assert {("id", "int", "who"), ("v", "int", "a 'v'"), ("Owner", "some one", "")} <= {tuple(row) for row in rows}
    with pytest.raises(lakehouse.MissingColumnsError, match="Known: id, v"):
        spark.sql(f"ALTER TABLE {schema}.t ALTER COLUMN nope SET TAGS ('a' = 'b')")
