"""Schemas."""


def test_schemas_keep_comments_tags_and_owners(spark, schema):
    spark.sql(f"COMMENT ON SCHEMA {schema} IS 'what it is'")
    spark.sql(f"ALTER SCHEMA {schema} SET TAGS ('a' = 'b')")
    spark.sql(f"ALTER DATABASE {schema} SET OWNER TO someone")
    said = dict(spark.sql(f"DESCRIBE SCHEMA EXTENDED {schema}").collect())
    assert (said["Catalog Name"], said["Comment"], said["Owner"], said["Tags"]) == (
        "main",
        "what it is",
        "someone",
        "a=b",
    )
