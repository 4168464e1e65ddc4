# Databricks notebook source
# MAGIC %md
# MAGIC # 3. A distributed search
# MAGIC hyperopt proposes, Spark's workers train, MLflow keeps each trial. The last month is for validation: rows of a customer's future must not help to
# MAGIC judge its past.

# COMMAND ----------

# MAGIC %run ./02_training_set

# COMMAND ----------

import mlflow
import numpy as np

late = (pdf["placed_at"] >= "2024-03-01").to_numpy()
x, y = pdf.drop(columns=["returned", "placed_at"]), pdf["returned"].to_numpy()
print(f"{(~late).sum():,} rows to train on, {late.sum():,} to judge on")

# COMMAND ----------

from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def pipeline(c):
    encode = make_column_transformer((OneHotEncoder(), ["segment"]), remainder=StandardScaler())
    return make_pipeline(encode, LogisticRegression(C=c))


def objective(params):
    model = pipeline(params["C"]).fit(x[~late], y[~late])
    return {"loss": log_loss(y[late], model.predict_proba(x[late])[:, 1]), "status": "ok"}


# COMMAND ----------

from hyperopt import SparkTrials, fmin, hp, tpe

mlflow.set_experiment("/Users/someone@example.com/tour")
trials = SparkTrials(parallelism=2)
best = fmin(objective, {"C": hp.loguniform("C", np.log(1e-3), np.log(1e1))}, tpe.suggest, max_evals=4, trials=trials, rstate=np.random.default_rng(1))
print(best)

# COMMAND ----------

with mlflow.start_run(run_name="search") as parent:
    mlflow.log_metric("best_loss", min(trials.losses()))
    for tid, trial in enumerate(trials.trials):
        with mlflow.start_run(run_name=f"trial {tid}", nested=True):
            mlflow.log_param("C", trial["misc"]["vals"]["C"][0])
            mlflow.log_metric("loss", trial["result"]["loss"])
chosen = pipeline(best["C"]).fit(x[~late], y[~late])
auc = roc_auc_score(y[late], chosen.predict_proba(x[late])[:, 1])
print(f"ROC AUC in March: {auc:.3f}")
assert auc > 0.6

# COMMAND ----------

dbutils.jobs.taskValues.set(key="C", value=float(best["C"]))
dbutils.notebook.exit(str(float(best["C"])))
