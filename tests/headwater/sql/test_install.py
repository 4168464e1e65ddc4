"""Statements of sessions: with parameters, and of every session object."""

from pyspark.sql import SparkSession

from headwater.features import get_feature_table


def test_parameters_and_frames_work_with_our_statements_and_with_sparks(spark, schema):
    df = spark.createDataFrame([(1, "a"), (2, "b")], "id int, v string")
    assert spark.sql("SELECT id FROM {df} WHERE v = :v", args={"v": "b"}, df=df).collect()[0][0] == 2
    assert spark.sql("SELECT ? + 1", args=[1]).collect()[0][0] == 2
    spark.sql(f"CREATE TABLE {schema}.p (PRIMARY KEY (id)) AS SELECT * FROM {{df}} WHERE v <> :v", {"v": "b"}, df=df)
    assert spark.table(f"{schema}.p").collect() == [(1, "a")]
    spark.sql("ALTER TABLE IDENTIFIER(:t) SET TAGS ('a' = 'b')", args={"t": f"{schema}.p"})
    assert get_feature_table(spark, f"{schema}.p").tags == {"a": "b"}
    assert spark.sql("SELECT count(*) FROM IDENTIFIER(:t)", args={"t": f"{schema}.p"}).collect()[0][0] == 1


def test_other_session_objects_understand_the_same_statements(spark):
    spark.sql("CREATE CATALOG IF NOT EXISTS cat_b")
    for other in (SparkSession.getActiveSession(), spark.newSession(), spark.range(1).sparkSession):
        assert ("cat_b",) in other.sql("SHOW CATALOGS").collect()
        assert other.sql("SHOW SCHEMAS IN cat_b").count() > 0
    spark.sql("DROP CATALOG cat_b")
