"""Columns as SQL declares them."""

from headwater import lakehouse


def test_string_column_types_are_kept(spark, schema):
    kinds = "a array<struct<x:int,y:string>>, m map<string,double>, d decimal(10,2), s string"
    fields = spark.createDataFrame([], kinds).schema
    lakehouse.create_table(spark, f"{schema}.types", fields)
    assert [f.dataType for f in lakehouse.read_table(spark, f"{schema}.types").schema] == [f.dataType for f in fields]
