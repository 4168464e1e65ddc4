"""Monitoring: profile and drift tables, model quality, alerts, a reason to retrain."""

from monitoring.alerts import Alert, evaluate_alerts
from monitoring.monitor import Monitor, MonitorInferenceLog, MonitorSnapshot, MonitorTimeSeries
from monitoring.refresh import RefreshResult, refresh
from monitoring.retraining import RetrainingDecision, should_retrain
from monitoring.thresholds import Threshold, default_rules

__all__ = [
    "Alert",
    "Monitor",
    "MonitorInferenceLog",
    "MonitorSnapshot",
    "MonitorTimeSeries",
    "RefreshResult",
    "RetrainingDecision",
    "Threshold",
    "default_rules",
    "evaluate_alerts",
    "refresh",
    "should_retrain",
]
