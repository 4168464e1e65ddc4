"""Monitoring: profile and drift tables, model quality, alerts, a reason to retrain."""

from headwater.monitoring.alerts.alerts import Alert, evaluate_alerts
from headwater.monitoring.alerts.retraining import RetrainingDecision, should_retrain
from headwater.monitoring.definitions.monitor import Monitor, MonitorInferenceLog, MonitorSnapshot, MonitorTimeSeries
from headwater.monitoring.definitions.thresholds import Threshold, default_rules
from headwater.monitoring.refresh import RefreshResult, refresh

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
