"""Monitoring: profile and drift tables, model quality, alerts, a reason to retrain."""

from headwater.monitoring.alerts import Alert, evaluate_alerts
from headwater.monitoring.monitor import Monitor, MonitorInferenceLog, MonitorSnapshot, MonitorTimeSeries
from headwater.monitoring.refresh import RefreshResult, refresh
from headwater.monitoring.retraining import RetrainingDecision, should_retrain
from headwater.monitoring.thresholds import Threshold, default_rules

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
