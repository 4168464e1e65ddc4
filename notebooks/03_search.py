# Databricks notebook source
# MAGIC %md
# MAGIC # 3. Search for a model
# MAGIC Hyperopt tries a few settings of a forest; each trial is a run of MLflow under one parent. The last weeks are kept for
# MAGIC judging: a model is asked about a later time than it has seen.

# COMMAND ----------

dbutils.widgets.text("schema", "main.tour", "Schema of the tour")

# COMMAND ----------

# MAGIC %run ./_resources/shop

# COMMAND ----------

import datetime as dt

import mlflow
from databricks.feature_engineering import FeatureEngineeringClient

schema = dbutils.widgets.get("schema")
mlflow.set_experiment(f"/Shared/{schema}")
fe = FeatureEngineeringClient()
labels = spark.table(f"{schema}.labels")
late = START + dt.timedelta(days=63)
earlier, later = (
    training_set_of(fe, labels.where(labels.at < late), schema).load_df().toPandas(),
    training_set_of(fe, labels.where(labels.at >= late), schema).load_df().toPandas(),
)
len(earlier), len(later)

# COMMAND ----------

from hyperopt import STATUS_OK, Trials, fmin, hp, tpe
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss, roc_auc_score


def forest(depth, leaf):
    return RandomForestClassifier(n_estimators=40, max_depth=int(depth), min_samples_leaf=int(leaf), random_state=7)


def trial(space):
    with mlflow.start_run(nested=True, run_name=f"depth {int(space['depth'])}, leaf {int(space['leaf'])}"):
        model = forest(**space).fit(earlier.drop(columns="buys"), earlier["buys"])
        probability = model.predict_proba(later.drop(columns="buys"))[:, 1]
        loss, auc = log_loss(later["buys"], probability), roc_auc_score(later["buys"], probability)
        mlflow.log_params({name: int(value) for name, value in space.items()})
        mlflow.log_metrics({"log_loss": loss, "auc": auc})
    return {"loss": loss, "status": STATUS_OK, "auc": auc}


# COMMAND ----------

# MAGIC %md
# MAGIC `Trials()` runs one trial after the other, which is right for a second's work. `SparkTrials(parallelism=…)` in its place
# MAGIC spreads them over a cluster.

# COMMAND ----------

import numpy as np

trials = Trials()
space = {"depth": hp.quniform("depth", 2, 8, 1), "leaf": hp.quniform("leaf", 5, 40, 5)}
with mlflow.start_run(run_name="search"):
    best = fmin(
        trial, space, algo=tpe.suggest, max_evals=6, trials=trials, rstate=np.random.default_rng(7), show_progressbar=False
    )
    mlflow.log_metric("best_log_loss", trials.best_trial["result"]["loss"])
best

# COMMAND ----------

import plotly.express as px

tried = [{"depth": t["misc"]["vals"]["depth"][0], "log loss": t["result"]["loss"]} for t in trials.trials]
px.scatter(tried, x="depth", y="log loss", title="Trials: lower is better", height=320).show()

# COMMAND ----------

assert trials.best_trial["result"]["auc"] > 0.6
dbutils.jobs.taskValues.set(key="depth", value=int(best["depth"]))
dbutils.notebook.exit(f"depth {int(best['depth'])}, leaf {int(best['leaf'])}")
