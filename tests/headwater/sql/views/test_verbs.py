"""Views."""

from headwater import lakehouse
from headwater.lakehouse import settings_of


def test_views_stay_when_tables_are_registered_anew_and_go_when_dropped(spark, schema):
    spark.sql(f"CREATE TABLE {schema}.t AS SELECT 1 AS a")
    spark.sql(f"CREATE OR REPLACE TEMP VIEW passing AS SELECT * FROM {schema}.t")
    spark.sql(f"CREATE VIEW {schema}.v AS SELECT a + 1 AS b FROM {schema}.t")
    spark.sql(f"ALTER VIEW {schema}.v AS SELECT a + 2 AS b FROM {schema}.t")
    spark.sql(f"ALTER VIEW {schema}.v SET TAGS ('k' = 'x')")
    lakehouse.refresh(spark)
    assert spark.table(f"{schema}.v").collect() == [(3,)]
    file = settings_of(spark).warehouse / f"{schema.split('.')[1]}.db" / "_views" / "v.json"
    assert file.exists()
    spark.sql(f"DROP VIEW {schema}.v")
    spark.sql(f"DROP VIEW IF EXISTS {schema}.v")
    assert not file.exists()
    spark.catalog.dropTempView("passing")
