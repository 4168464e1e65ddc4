"""Grants."""

import pytest

from headwater import lakehouse


def test_grants_are_kept_and_shown_with_those_of_what_holds_the_thing(spark, schema):
    spark.sql(f"CREATE TABLE {schema}.t (id INT)")
    spark.sql(f"GRANT SELECT, MODIFY ON TABLE {schema}.t TO `a b`")
    spark.sql(f"GRANT USE SCHEMA ON SCHEMA {schema} TO users")
    spark.sql(f"REVOKE MODIFY ON {schema}.t FROM `a b`")
    found = spark.sql(f"SHOW GRANTS ON TABLE {schema}.t").collect()
    assert found == [("a b", "SELECT", "TABLE", f"{schema}.t"), ("users", "USE SCHEMA", "SCHEMA", schema)]
    assert spark.sql(f"SHOW GRANTS `a b` ON TABLE {schema}.t").collect() == found[:1]
    with pytest.raises(lakehouse.TableNotFoundError):
        spark.sql(f"GRANT SELECT ON TABLE {schema}.nope TO users")
