"""Monitoring: profile and drift tables, model quality, alerts, a reason to retrain."""

from monitoring.monitor import Monitor, MonitorInferenceLog, MonitorSnapshot, MonitorTimeSeries
from monitoring.refresh import RefreshResult, refresh

__all__ = [
    "Monitor",
    "MonitorInferenceLog",
    "MonitorSnapshot",
    "MonitorTimeSeries",
    "RefreshResult",
    "refresh",
]
