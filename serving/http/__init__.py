"""Endpoints over HTTP: models and feature specs, answered as Databricks' and MLflow's servers answer."""
