"""Alerts, their sentences, and whether to retrain."""
