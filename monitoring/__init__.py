"""Monitoring: profile and drift tables, model quality, alerts, a reason to retrain."""

from headwater.monitoring.alerts.alerts import Alert, evaluate_alerts
from headwater.monitoring.alerts.channels.email import Email
from headwater.monitoring.alerts.channels.slack import Slack
from headwater.monitoring.alerts.channels.webhook import Webhook
from headwater.monitoring.alerts.incidents import Action, Finding, Incident, incidents_of
from headwater.monitoring.alerts.notices import Delivery, send_notices
from headwater.monitoring.alerts.retraining import RetrainingDecision, decide, should_retrain
from headwater.monitoring.alerts.watch import watch
from headwater.monitoring.definitions.channel import Channel, DeliveryError, Notice
from headwater.monitoring.definitions.metric import CustomMetricError, MonitorMetric
from headwater.monitoring.definitions.monitor import Monitor, MonitorInferenceLog, MonitorSnapshot, MonitorTimeSeries
from headwater.monitoring.definitions.policy import AlertPolicy
from headwater.monitoring.definitions.thresholds import Threshold, default_rules
from headwater.monitoring.estimation.estimate import Estimation, estimate_performance
from headwater.monitoring.multivariate.compare import InputComparison, compare_inputs
from headwater.monitoring.refresh import RefreshResult, refresh

__all__ = [
    "Action",
    "Alert",
    "AlertPolicy",
    "Channel",
    "CustomMetricError",
    "Delivery",
    "DeliveryError",
    "Email",
    "Estimation",
    "Finding",
    "Incident",
    "InputComparison",
    "Monitor",
    "MonitorInferenceLog",
    "MonitorMetric",
    "MonitorSnapshot",
    "MonitorTimeSeries",
    "Notice",
    "RefreshResult",
    "RetrainingDecision",
    "Slack",
    "Threshold",
    "Webhook",
    "compare_inputs",
    "decide",
    "default_rules",
    "estimate_performance",
    "evaluate_alerts",
    "incidents_of",
    "refresh",
    "send_notices",
    "should_retrain",
    "watch",
]
