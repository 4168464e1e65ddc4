"""Models with their features: logged, scored in batch, loaded by MLflow, and refused where they must be."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from headwater import FeatureEngineeringClient, serving
from headwater.features import FeatureLookup, write_digests
from headwater.lakehouse import HeadwaterError, drop_table, settings_of
from headwater.training import use_store


@pytest.fixture
def client(spark):
    use_store(settings_of(spark))
    return FeatureEngineeringClient()


@pytest.fixture
def logged(spark, schema, client):
    df = spark.createDataFrame([(i, float(i), i % 3) for i in range(20)], "id long, a double, b int")
    client.create_table(name=f"{schema}.f", primary_keys="id", df=df)
    spine = spark.createDataFrame([(i, i, 2.0 * i + i % 3 + 5 * i) for i in range(20)], "id long, n int, y double")
    training_set = client.create_training_set(
        df=spine, feature_lookups=[FeatureLookup(f"{schema}.f", "id")], label="y", exclude_columns="id"
    )
    frame = training_set.load_df().toPandas().astype("float64")
    model = LinearRegression().fit(frame[["n", "a", "b"]], frame["y"])
    mlflow.set_experiment("serving-tests")
    with mlflow.start_run():
        signature = mlflow.models.infer_signature(frame[["n", "a", "b"]], frame["y"].to_numpy())
        found = client.log_model(
            model=model,
            artifact_path="model",
            flavor=mlflow.sklearn,
            training_set=training_set,
            registered_model_name=f"{schema}.linear",
            signature=signature,
            pip_requirements=["scikit-learn"],
        )
    return found, spine, training_set


def test_score_batch_looks_features_up_and_keeps_every_row(client, logged):
    found, spine, _ = logged
    scored = client.score_batch(model_uri=found.model_uri, df=spine)
    assert scored.columns == ["id", "n", "y", "a", "b", "prediction"]
    rows = scored.toPandas()
    assert len(rows) == 20
    np.testing.assert_allclose(rows["prediction"], rows["y"], atol=1e-9)


def test_a_registered_version_and_an_alias_score_too(client, logged, spark):
    found, spine, _ = logged
    name = found.registered_model_name
    use_store(settings_of(spark)).set_registered_model_alias(name, "champion", found.registered_model_version)
    one = client.score_batch(model_uri=f"models:/{name}/1", df=spine.drop("y")).orderBy("id").toPandas()
    two = client.score_batch(model_uri=f"models:/{name}@champion", df=spine.drop("y")).orderBy("id").toPandas()
    pd.testing.assert_frame_equal(one, two)


def test_a_model_that_was_opened_is_scored_as_it_was_found_and_not_opened_again(logged):
    found, spine, _ = logged
    opened = replace(
        serving.open_model(found.model_uri), model_uri="models:/gone/1"
    )  # what is not there cannot be opened
    with pytest.raises(HeadwaterError, match="models:/gone/1 cannot be read"):
        serving.score_batch("models:/gone/1", spine)
    rows = serving.score_batch(opened, spine).toPandas()
    np.testing.assert_allclose(rows["prediction"], rows["y"], atol=1e-9)


def test_a_column_of_a_features_name_is_taken_instead_of_the_lookup(client, logged, spark):
    found, _, _ = logged
    df = spark.createDataFrame([(1, 1, 100.0)], "id long, n int, a double")
    row = client.score_batch(model_uri=found.model_uri, df=df).collect()[0]
    plain = client.score_batch(model_uri=found.model_uri, df=df.drop("a")).collect()[0]
    assert row["a"] == 100.0
    assert row["prediction"] != pytest.approx(plain["prediction"])


def test_missing_columns_are_all_named(client, logged, spark):
    found, _, _ = logged
    with pytest.raises(ValueError, match=r"'id', 'n' are not in df \(needed to score"):
        client.score_batch(model_uri=found.model_uri, df=spark.range(1).withColumnRenamed("id", "x"))


def test_a_prediction_column_and_a_stream_are_refused(client, logged, spark):
    found, spine, _ = logged
    with pytest.raises(ValueError, match="has a column 'prediction' already"):
        client.score_batch(model_uri=found.model_uri, df=spine.withColumnRenamed("y", "prediction"))
    stream = spark.readStream.format("rate").load()
    with pytest.raises(ValueError, match="found a stream"):
        client.score_batch(model_uri=found.model_uri, df=stream)


def test_mlflow_loads_it_and_looks_features_up_or_takes_them(logged):
    found, spine, _ = logged
    model = mlflow.pyfunc.load_model(found.model_uri)
    rows = spine.toPandas().head(4).drop(columns="y")
    rows["n"] = rows["n"].astype("int32")
    np.testing.assert_allclose(model.predict(rows), spine.toPandas()["y"].head(4), atol=1e-9)
    given = rows.assign(a=[0.0] * 4, b=np.array([0] * 4, dtype="int32"))
    assert model.predict(given)[0] == pytest.approx(0, abs=1e-9)


def test_the_raw_model_loads_by_itself(logged):
    found, _, _ = logged
    artifact = serving.open_model(found.model_uri)
    raw = mlflow.sklearn.load_model(str(artifact.raw_model))
    assert isinstance(raw, LinearRegression)


def test_the_logged_model_has_signature_and_example(logged):
    found, _, _ = logged
    info = mlflow.models.get_model_info(found.model_uri)
    required = {column.name: column.required for column in info.signature.inputs.inputs}
    assert required == {"id": True, "n": True, "a": False, "b": False}
    assert info.saved_input_example_info is not None


def test_a_file_that_was_changed_is_not_loaded(logged):
    found, spine, _ = logged
    artifact = serving.open_model(found.model_uri)
    stored = Path(mlflow.models.get_model_info(found.model_uri).artifact_path.removeprefix("file://"))
    for file in (*stored.rglob("model.pkl"), *artifact.raw_model.rglob("model.pkl")):
        file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(serving.TamperedModelError, match=r"model.pkl of the model in .* is not what was logged"):
        serving.score_batch(found.model_uri, spine)


def test_a_model_is_refused_in_one_sentence_if_any_of_its_files_was_changed(logged, tmp_path):
    found, _, _ = logged
    name = found.registered_model_name
    stored = Path(mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{name}/1")).resolve()
    data = stored / "data" / "feature_store"
    spec, digests = data / "feature_spec.yaml", data / "sha256.json"
    before = {file: file.read_text() for file in (spec, digests)}

    def refused(words):
        with pytest.raises(HeadwaterError, match=words):
            serving.open_model(f"models:/{name}/1")
        for file, text in before.items():
            file.write_text(text)

    spec.write_text(before[spec] + "# a remark\n")
    refused(r"feature_spec.yaml of the model in .* is not what was logged")
    spec.unlink()
    refused(r"feature_spec.yaml of the model in .* is missing, or")
    for text in ("{}", "[]", "no json"):
        digests.write_text(text)
        refused(r"sha256.json of the model in .* is not what was logged")
    digests.unlink()
    refused(r"sha256.json of the model in .* is not what was logged")
    extra = data / "raw_model" / "more.py"
    extra.write_text("")
    refused(r"raw_model/more.py of the model")
    extra.unlink()
    # Whoever changes the files and their digests too has not changed the registry.
    spec.write_text(before[spec].replace("format: 1", "format: 99"))
    write_digests(stored)
    refused(r"sha256.json of the model in .* is not what was logged")
    # A copy that no registry knows has its own digests alone.
    copy = tmp_path / "copy"
    shutil.copytree(stored, copy)
    (copy / "registered_model_meta").unlink()
    description = (copy / "MLmodel").read_text()
    (copy / "MLmodel").write_text(re.sub(r"model_id: .*\n", "", description))
    with pytest.raises(serving.TamperedModelError, match=r"MLmodel of the model in"):
        mlflow.pyfunc.load_model(str(copy))
    (copy / "data" / "feature_store" / "feature_spec.yaml").write_text(before[spec].replace("format: 1", "format: 99"))
    write_digests(copy)
    with pytest.raises(ValueError, match="format 99; this version of Headwater reads the format 1"):
        mlflow.pyfunc.load_model(str(copy))
    assert serving.open_model(f"models:/{name}/latest").spec == serving.open_model(found.model_uri).spec


def test_mlflow_itself_does_not_load_a_model_of_which_any_file_was_changed(logged):
    found, _, _ = logged
    uri = f"models:/{found.registered_model_name}/1"
    stored = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri)).resolve()
    files = [file for file in stored.rglob("*") if file.is_file() and file.name != "registered_model_meta"]
    assert {"MLmodel", "conda.yaml", "requirements.txt", "model.pkl"} <= {file.name for file in files}
    for file in files:
        before = file.read_bytes()
        file.write_bytes(before + b"\n")
        for load in (serving.open_model, mlflow.pyfunc.load_model):
            with pytest.raises(
                serving.TamperedModelError, match=rf"{file.name} of the model in .* is not what was logged"
            ):
                load(uri)
        file.write_bytes(before)
    mlflow.pyfunc.load_model(uri)
    # Whoever changes a file and the digests has not changed the registry.
    description = (stored / "MLmodel").read_text()
    (stored / "MLmodel").write_text(description.replace(f"model_id: {found.model_id}\n", ""))
    write_digests(stored)
    for load in (serving.open_model, mlflow.pyfunc.load_model):
        with pytest.raises(serving.TamperedModelError, match=r"sha256.json of the model in .* is not what was logged"):
            load(uri)


def test_a_model_whose_description_names_another_loader_is_refused(logged):
    found, spine, _ = logged
    stored = Path(mlflow.artifacts.download_artifacts(artifact_uri=found.model_uri)).resolve()
    description = (stored / "MLmodel").read_text()
    (stored / "MLmodel").write_text(description.replace("headwater.serving.packaged_model", "mlflow.sklearn"))
    with pytest.raises(serving.TamperedModelError, match=r"MLmodel of the model in"):
        serving.score_batch(found.model_uri, spine)


def test_int_keys_are_looked_up_in_a_bigint_table_and_stay_int(client, logged, spark, schema):
    found, _, _ = logged
    big = spark.createDataFrame([(2**40, 7.0, 1)], "id long, a double, b int")
    client.write_table(name=f"{schema}.f", df=big)
    row = client.score_batch(model_uri=found.model_uri, df=spark.createDataFrame([(3, 1)], "id int, n int")).first()
    assert (row["id"], row["a"]) == (3, 3.0)
    narrow = client.score_batch(model_uri=found.model_uri, df=spark.createDataFrame([(3, 1)], "id int, n int"))
    assert dict(narrow.dtypes)["id"] == "int"
    with pytest.raises(ValueError, match=rf"Wrong types in the keys for {schema}.f: 'id' is string, must be bigint"):
        client.score_batch(model_uri=found.model_uri, df=spark.createDataFrame([("3", 1)], "id string, n int"))


def test_a_feature_that_was_retyped_or_renamed_names_model_table_and_feature(client, logged, spark, schema):
    found, spine, _ = logged
    spark.sql(f"CREATE OR REPLACE TABLE {schema}.copy AS SELECT * FROM {schema}.f")
    for change, words in (
        ("a AS a2, b", "is no column of that table now"),
        ("cast(a AS string) AS a, b", "is string now"),
    ):
        rows = spark.sql(f"SELECT id, {change} FROM {schema}.copy")
        drop_table(spark, f"{schema}.f")
        client.create_table(name=f"{schema}.f", primary_keys="id", df=rows)
        with pytest.raises(
            ValueError, match=rf"model {found.model_uri} .* feature 'a' of {schema}.f, which was double and {words}"
        ):
            client.score_batch(model_uri=found.model_uri, df=spine)


def test_pandas_rows_an_absent_model_and_names_that_differ_by_case_are_refused_with_the_way_out(client, logged):
    found, spine, _ = logged
    with pytest.raises(ValueError, match=r"takes a Spark DataFrame, found pandas.DataFrame: use spark.createDataFrame"):
        client.score_batch(model_uri=found.model_uri, df=spine.toPandas())
    with pytest.raises(ValueError, match=r"The model models:/main.ml.absent/1 cannot be read: "):
        client.score_batch(model_uri="models:/main.ml.absent/1", df=spine)
    with pytest.raises(ValueError, match=r"column 'A' differs by case only from the feature 'a'"):
        client.score_batch(model_uri=found.model_uri, df=spine.withColumn("A", spine["n"]))


def test_a_table_made_again_since_training_gives_a_warning(client, logged, spark, schema):
    found, spine, _ = logged
    drop_table(spark, f"{schema}.f")
    df = spark.createDataFrame([(1, 1.0, 1)], "id long, a double, b int")
    client.create_table(name=f"{schema}.f", primary_keys="id", df=df)
    with pytest.warns(UserWarning, match="was dropped and made again since the model was trained"):
        client.score_batch(model_uri=found.model_uri, df=spine)


def test_probabilities_need_an_array_and_say_so(client, logged, spark):
    _, _, training_set = logged
    frame = training_set.load_df().toPandas().astype("float64")
    model = LogisticRegression().fit(frame[["n", "a", "b"]], frame["y"] > 60)
    with mlflow.start_run():
        found = client.log_model(
            model=model,
            artifact_path="model",
            flavor=mlflow.sklearn,
            training_set=training_set,
            pip_requirements=["scikit-learn"],
            pyfunc_predict_fn="predict_proba",
        )
    df = spark.createDataFrame([(1, 1)], "id long, n int")
    row = client.score_batch(model_uri=found.model_uri, df=df, result_type="array<double>").collect()[0]
    assert sum(row["prediction"]) == pytest.approx(1)
    with pytest.raises(Exception, match="gives 2 values per row: use result_type='array<double>'"):
        client.score_batch(model_uri=found.model_uri, df=df).collect()


def test_a_model_without_features_is_refused_with_the_way_out(spark):
    use_store(settings_of(spark))
    mlflow.set_experiment("serving-tests")
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(
            LinearRegression().fit([[0.0], [1.0]], [0, 1]),
            name="plain",
            pip_requirements=["scikit-learn"],
        )
    with pytest.raises(ValueError, match="has no feature spec: log it with FeatureEngineeringClient"):
        serving.open_model(info.model_uri)
