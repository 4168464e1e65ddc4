# Databricks notebook source
# MAGIC %md
# MAGIC # 4. Register the model with its features, and review it
# MAGIC `log_model` keeps the feature spec beside the model: from then on it needs keys and times alone.

# COMMAND ----------

# MAGIC %run ./02_training_set

# COMMAND ----------

dbutils.widgets.text("C", "1.0", "Strength that the search chose")
c = float(dbutils.widgets.get("C"))

# COMMAND ----------

import mlflow
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import RocCurveDisplay
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

mlflow.set_registry_uri("databricks-uc")
mlflow.set_experiment("/Users/someone@example.com/tour")
x, y = pdf.drop(columns=["returned", "placed_at"]), pdf["returned"]

# COMMAND ----------

with mlflow.start_run(run_name="returns") as run:
    encode = make_column_transformer((OneHotEncoder(), ["segment"]), remainder=StandardScaler())
    model = make_pipeline(encode, LogisticRegression(C=c)).fit(x, y)
    mlflow.log_param("C", c)
    curve = RocCurveDisplay.from_estimator(model, x, y)
    mlflow.log_figure(curve.figure_, "roc.png")
    fe.log_model(
        model=model,
        artifact_path="model",
        flavor=mlflow.sklearn,
        training_set=training_set,
        registered_model_name=f"{schema}.returns",
        signature=infer_signature(x, model.predict_proba(x)),
        pyfunc_predict_fn="predict_proba",
        pip_requirements=["scikit-learn", "pandas"],
    )
display(curve.figure_)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Review
# MAGIC `headwater ui` opens MLflow on this store; on Databricks it is the *Experiments* page. Who has looked at the run gives the version the alias that
# MAGIC jobs go by.

# COMMAND ----------

client = mlflow.MlflowClient()
newest = max(int(version.version) for version in client.search_model_versions(f"name = '{schema}.returns'"))
client.set_registered_model_alias(f"{schema}.returns", "champion", newest)
version = client.get_model_version_by_alias(f"{schema}.returns", "champion")
print(f"{version.name} version {version.version} is champion; its run is {version.run_id}")
