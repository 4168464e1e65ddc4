"""Training: search, fit, judge and register models with their feature spec."""

from headwater.training.data.group_folds import GroupFolds, StratifiedFolds
from headwater.training.data.splits import Folds, Holdout, TimeFolds
from headwater.training.errors import (
    ChampionLoadError,
    ModelVersionError,
    SearchFailedError,
    SparkContextError,
    TrackingStoreError,
    TrainingDataError,
    TrainingError,
)
from headwater.training.judging.bootstrap import Difference, paired_bootstrap
from headwater.training.judging.evidence import Check, Verdict
from headwater.training.judging.gate import Gate
from headwater.training.judging.jackknife import PairedDifference, paired_jackknife
from headwater.training.models.baselines import RateBaseline
from headwater.training.models.families import (
    Columns,
    ModelFamily,
    binary_families,
    hist_gradient_boosting,
    hist_gradient_boosting_regression,
    logistic_regression,
    regression_families,
    ridge_regression,
)
from headwater.training.models.nested import Branches
from headwater.training.models.space import Choice, Integers, LogUniform, Uniform
from headwater.training.pipeline import train, versions_used
from headwater.training.plan import TrainingPlan, TrainingResult
from headwater.training.problems.binary import Binary
from headwater.training.problems.groups import metrics_by
from headwater.training.problems.metrics import binary_metrics, expected_calibration_error
from headwater.training.problems.multiclass import Multiclass
from headwater.training.problems.problem import Problem
from headwater.training.problems.quantiles import QuantileRegression
from headwater.training.problems.regression import Regression
from headwater.training.registry.decided import (
    DecidedTraining,
    complete_training,
    decided_training,
    trainings_of,
)
from headwater.training.registry.monitored import MonitoredWindow, log_monitored
from headwater.training.registry.packaging import LoggedModel, log_model
from headwater.training.registry.pinned import Pin, pinned_versions
from headwater.training.registry.registry import (
    Promotion,
    challenge,
    champion,
    finish_decision,
    promote,
    refuse,
    rollback,
    version_named,
    versions_of,
)
from headwater.training.registry.tracking import use_store
from headwater.training.registry.tracking_store import make_store
from headwater.training.replay import replay_training
from headwater.training.search.hyperopt_spaces import from_hyperopt
from headwater.training.search.optuna_engine import to_optuna
from headwater.training.search.search import SearchPlan, SearchResult, search
from headwater.training.search.trial import Trial
from headwater.training.selection.select import FeatureSelection, Selection, select_features
from headwater.training.spark.families import SparkFamily

__all__ = [
    "Binary",
    "Branches",
    "ChampionLoadError",
    "Check",
    "Choice",
    "Columns",
    "DecidedTraining",
    "Difference",
    "FeatureSelection",
    "Folds",
    "Gate",
    "GroupFolds",
    "Holdout",
    "Integers",
    "LogUniform",
    "LoggedModel",
    "ModelFamily",
    "ModelVersionError",
    "MonitoredWindow",
    "Multiclass",
    "PairedDifference",
    "Pin",
    "Problem",
    "Promotion",
    "QuantileRegression",
    "RateBaseline",
    "Regression",
    "SearchFailedError",
    "SearchPlan",
    "SearchResult",
    "Selection",
    "SparkContextError",
    "SparkFamily",
    "StratifiedFolds",
    "TimeFolds",
    "TrackingStoreError",
    "TrainingDataError",
    "TrainingError",
    "TrainingPlan",
    "TrainingResult",
    "Trial",
    "Uniform",
    "Verdict",
    "binary_families",
    "binary_metrics",
    "challenge",
    "champion",
    "complete_training",
    "decided_training",
    "expected_calibration_error",
    "finish_decision",
    "from_hyperopt",
    "hist_gradient_boosting",
    "hist_gradient_boosting_regression",
    "log_model",
    "log_monitored",
    "logistic_regression",
    "make_store",
    "metrics_by",
    "paired_bootstrap",
    "paired_jackknife",
    "pinned_versions",
    "promote",
    "refuse",
    "regression_families",
    "replay_training",
    "ridge_regression",
    "rollback",
    "search",
    "select_features",
    "to_optuna",
    "train",
    "trainings_of",
    "use_store",
    "version_named",
    "versions_of",
    "versions_used",
]
