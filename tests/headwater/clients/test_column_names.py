"""Columns named as pandas users name them are kept, looked up, saved and read without Spark."""

import pytest

from headwater import FeatureEngineeringClient, features, lakehouse
from headwater.features import FeatureLookup
from headwater.web.report.tables import Store

ODD = ["Age (years)", "a,b;{}", "sum = 1", "tab\tand\nline", "dot.ted", "tick`ed"]


@pytest.fixture
def rows(spark):
    pairs = [(1, [float(i) for i in range(len(ODD))]), (2, [float(10 + i) for i in range(len(ODD))])]
    columns = ", ".join(f"values[{i}] AS {lakehouse.quoted(name)}" for i, name in enumerate(ODD))
    frame = spark.createDataFrame(pairs, "id long, values array<double>")
    return frame.selectExpr(
        "id AS `Customer ID`", *columns.split(", "), "IF(id > 0, named_struct('in ner', id), NULL) AS `x y`"
    )


def test_tables_with_such_columns_are_made_written_looked_up_and_saved(spark, schema, rows, monkeypatch):
    client, name = FeatureEngineeringClient(), f"{schema}.odd"
    client.create_table(name=name, primary_keys="Customer ID", df=rows)
    client.write_table(name=name, df=rows.limit(0).withColumn("one more", lakehouse.column("Age (years)")))
    client.write_table(name=name, df=spark.createDataFrame([(3, 7.0)], "`Customer ID` long, `one more` double"))
    expected = {(row["Customer ID"], *(row[column] for column in ODD)) for row in rows.collect()}
    expected.add((3, *[None] * len(ODD)))
    labels = spark.createDataFrame([(key, float(key)) for key in (1, 2, 3)], "`Customer ID` long, y double")
    lookups = [FeatureLookup(name, "Customer ID", feature_names=[*ODD, "one more"])]
    made = client.create_training_set(df=labels, feature_lookups=lookups, label="y")
    names = [lakehouse.column(column) for column in ("Customer ID", *ODD)]
    for ways in ("auto", "spark"):
        monkeypatch.setenv("HEADWATER_LOOKUPS", ways)
        assert {tuple(row) for row in made.load_df().select(*names).collect()} == expected
    assert made.load_df().toPandas()["one more"].dropna().tolist() == [7.0]
    saved = made.save(f"{schema}.saved")
    assert {tuple(row) for row in lakehouse.read_table(spark, saved.table).select(*names).collect()} == expected
    frame = labels.toPandas()
    found = features.evaluate_without_spark(made.feature_spec, frame, lakehouse.settings_of(spark))
    found = found.astype(object).where(found.notna(), None)
    assert set(found[["Customer ID", *ODD]].itertuples(index=False, name=None)) == expected
    read = Store(lakehouse.settings_of(spark)).read(name, ["Customer ID", "Age (years)"])
    assert sorted(read["Customer ID"]) == [1, 2, 3]
    assert sorted(read["Age (years)"].dropna()) == [0.0, 10.0]


def test_a_plain_table_takes_such_a_column_later_in_every_way_of_writing(spark, schema):
    plain = spark.createDataFrame([(1, 1.0)], "id long, x double")
    more = spark.createDataFrame([(2, 2.0, 3.0)], "id long, x double, `Age (years)` double")
    writes = {
        "appended": lambda name: lakehouse.append(more, name, evolve=True),
        "merged": lambda name: lakehouse.merge(more, name, ["id"], evolve=True),
        "overwritten": lambda name: lakehouse.overwrite(more, name, evolve=True),
    }
    for table, write in writes.items():
        lakehouse.create_table(spark, f"{schema}.{table}", plain.schema)
        lakehouse.append(plain, f"{schema}.{table}")
        write(f"{schema}.{table}")
        found = {row["id"]: row["Age (years)"] for row in lakehouse.read_table(spark, f"{schema}.{table}").collect()}
        assert found == ({2: 3.0} if table == "overwritten" else {1: None, 2: 3.0})
    lakehouse.create_table(spark, f"{schema}.plain", plain.schema)
    assert "delta.columnMapping.mode" not in lakehouse.table_properties(spark, f"{schema}.plain")
