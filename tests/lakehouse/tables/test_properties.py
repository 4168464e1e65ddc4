"""A table's properties."""

from headwater import lakehouse


def test_properties_and_comments_keep_quotes_and_can_be_removed(spark, table):
    assert lakehouse.table_properties(spark, table)["note"] == "it's \\ here"
    lakehouse.set_table_properties(spark, table, {"note": None, "other": "1"})
    found = lakehouse.table_properties(spark, table)
    assert "note" not in found
    assert found["other"] == "1"
    described = spark.sql(f"DESCRIBE EXTENDED {table}").where("col_name = 'Comment'").collect()
    assert described[0]["data_type"] == "a 'quoted' comment"
