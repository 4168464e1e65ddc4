"""A project: everything that the jobs need to know, as one frozen object in a module of the user's own."""

from __future__ import annotations

import datetime as dt
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.conventions import MODEL_VERSION, PREDICTION, PREDICTION_PROBA, REQUEST_ID
from headwater.features import FeatureFunction, FeatureGroup, FeatureLookup
from headwater.lakehouse import HeadwaterError, InvalidInputError
from headwater.monitoring import AlertPolicy, Monitor, MonitorInferenceLog, MonitorMetric, Threshold, default_rules
from headwater.retraining import Retraining

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from headwater.serving import InferenceTable
    from headwater.training import Problem, RateBaseline, TrainingPlan

__all__ = ["Project", "ProjectNotFoundError", "load_project"]

Interval = tuple[dt.datetime, dt.datetime]


class ProjectNotFoundError(HeadwaterError):
    """The module named as the project is not there, or holds none."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return (
            f"There is no project {self.name!r}: {self.reason}. Name a module that has a `project = headwater.Project(...)`: "
            '--project my.module, HEADWATER_PROJECT, or project = "my.module" in headwater.toml.'
        )


def _overall_rate() -> Sequence[RateBaseline]:
    from headwater.training import RateBaseline

    return (RateBaseline(),)


def _binary() -> Problem:
    from headwater.training import Binary

    return Binary()


@dataclass(frozen=True, kw_only=True)
class Project:
    """What the jobs work on.

    Parameters
    ----------
    name
        For people, and for file names (lower case, no spaces).
    title
        What is predicted, as a headline of the report.
    groups
        Feature groups to materialise.
    lookups
        What a training set and a score look up and compute.
    functions
        On-demand functions by their full names; kept in the catalog before a training.
    spine
        ``spine(spark, start, end)``: the rows to be predicted in [start, end), with keys, time and request-time columns.
    outcomes
        ``outcomes(spark, as_of)``: `keys`, the label, for all rows whose outcome was known before `as_of`.
    keys
        Columns that tell rows to be predicted apart.
    time_column
        When a prediction is made, UTC.
    label
        Column of what is predicted.
    model_name
        Name of its models in the registry; the plan's must be the same.
    problem
        What kind of label it is: :class:`headwater.training.Binary`, whose threshold decides the predictions of 1 and 0,
        :class:`headwater.training.Multiclass`, :class:`headwater.training.Regression`, or one of your own. Default: `Binary`.
    baselines
        What every model is compared with, in its training and in the report; default: the overall rate, or mean.
    exclude
        Columns of the training set that are no inputs of the model.
    plan
        ``plan(start, end)`` gives the training plan with [start, end) as its holdout; problem, baselines and promotion log are
        the project's.
    land
        ``land(spark, start, end)``: bring in the raw rows that became known in [start, end), return how many; for projects
        whose data does not come by itself.
    tables
        Schema in which the project's own tables are made: `inference`, `training_rows`, `baseline`, `promotions`, and those
        of the monitor.
    label_delay
        How long to wait for labels: older predictions are no more looked at.
    granularities
        Windows of the monitor.
    rules
        Constant thresholds whose violations are kept in ``…_alerts``; None: :func:`monitoring.default_rules` by the longest
        granularity, with null shares of the features alone (the baseline has predictions for the holdout only), or none where
        `alerts` is given.
    alerts
        A policy by which alerts are told by their causes, against limits that are learnt from the baseline's own windows, at
        most so many a month; see :class:`monitoring.AlertPolicy`. None: each violation of a rule is an alert.
    retraining
        When ``headwater retrain`` trains again, and on which rows.
    drifted_columns
        Retrain when so many columns have drifted; None: only when the performance falls.
    monitor_exclude
        Columns that the monitor leaves out.
    custom_metrics
        Metrics of your own, further columns of the monitor's tables; see :class:`monitoring.MonitorMetric`.
    online_store
        Name of the online store that its feature tables are published to; default: the project's name.
    """

    name: str
    title: str
    groups: Sequence[FeatureGroup]
    lookups: Sequence[FeatureLookup | FeatureFunction]
    spine: Callable[[SparkSession, dt.datetime, dt.datetime], DataFrame]
    outcomes: Callable[[SparkSession, dt.datetime], DataFrame]
    keys: Sequence[str]
    time_column: str
    label: str
    model_name: str
    plan: Callable[[dt.datetime, dt.datetime], TrainingPlan]
    tables: str
    baselines: Sequence[RateBaseline] = field(default_factory=_overall_rate)
    problem: Problem = field(default_factory=_binary)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    exclude: Sequence[str] = ()
    land: Callable[[SparkSession, dt.datetime, dt.datetime], int] | None = None
    label_delay: dt.timedelta = dt.timedelta(days=7)
    granularities: Sequence[str] = ("1 day", "1 week")
    rules: Sequence[Threshold] | None = None
    alerts: AlertPolicy | None = None
    retraining: Retraining = field(default_factory=Retraining)
    drifted_columns: int | None = None
    monitor_exclude: Sequence[str] = ()
    custom_metrics: Sequence[MonitorMetric] = ()
    online_store: str = ""

    def table(self, name: str) -> str:
        """Return the full name of one of the project's own tables."""
        return f"{self.tables}.{name}"

    def training_plan(self, start: dt.datetime, end: dt.datetime) -> TrainingPlan:
        """Return the plan that judges on [start, end), with what the project says of every training.

        Raises
        ------
        InvalidInputError
            The plan is of another model, or of another problem.
        """
        plan = self.plan(start, end)
        if plan.model_name != self.model_name:
            raise InvalidInputError(
                f"The plan of project {self.name} trains {plan.model_name!r}; the project's model is {self.model_name!r}. "
                "Give both one name."
            )
        if plan.problem not in (self.problem, _binary()):
            raise InvalidInputError(
                f"The plan of project {self.name} is for {plan.problem!r}, the project for {self.problem!r}. Give problem= to "
                "the project alone."
            )
        return replace(
            plan,
            baselines=tuple(self.baselines),
            problem=self.problem,
            promotion_table=self.table("promotions"),
            description=plan.description or self.title,
        )

    @property
    def inference_table(self) -> InferenceTable:
        """Its scores, of batches and endpoints."""
        from headwater.serving import InferenceTable

        return InferenceTable(
            self.table("inference"),
            tuple(self.keys),
            self.time_column,
            self.label,
            self.problem,
            f"Scores of {self.name} with their features",
        )

    @property
    def payload_table(self) -> str:
        """Full name of the table of its endpoint's requests and answers."""
        return f"{self.model_name}_payload"

    @property
    def looked_up_tables(self) -> tuple[str, ...]:
        """Full names of the feature tables that its model looks up."""
        names = (lookup.table_name for lookup in self.lookups if isinstance(lookup, FeatureLookup))
        return tuple(dict.fromkeys(names))

    @property
    def alert_rules(self) -> tuple[Threshold, ...]:
        """The rules given, or the default ones unless a policy is given."""
        if self.rules is not None or self.alerts is not None:
            return tuple(self.rules or ())
        names = tuple(str(feature.name) for group in self.groups for feature in group.features)
        rules = default_rules(granularity=self.granularities[-1])
        return tuple(replace(rule, columns=names) if rule.concerns == "data" else rule for rule in rules)

    def cause_of(self, column: str) -> str:
        """Return the source of a column's values: the table that its feature is computed of or looked up in.

        A column that no feature has came with the request.
        """
        for group in self.groups:
            for feature in group.features:
                if feature.name == column:
                    return str(feature.source.full_name)
        for lookup in self.lookups:
            if isinstance(lookup, FeatureLookup) and column in _names(lookup.feature_names):
                return str(lookup.table_name)
            if isinstance(lookup, FeatureFunction) and column == (
                lookup.output_name or lookup.udf_name.rpartition(".")[2]
            ):
                return f"the function {lookup.udf_name}"
        return "the requests"

    @property
    def monitor(self) -> Monitor:
        """The monitor of the inference table."""
        return Monitor(
            table_name=self.table("inference"),
            output_schema=self.tables,
            kind=MonitorInferenceLog(
                problem_type=self.problem.problem_type,
                timestamp_col=self.time_column,
                granularities=tuple(self.granularities),
                prediction_col=PREDICTION,
                prediction_proba_col=PREDICTION_PROBA if self.problem.has_probabilities else None,
                model_id_col=MODEL_VERSION,
                label_col=self.label,
            ),
            baseline_table_name=self.table("baseline"),
            exclude=(*self.keys, REQUEST_ID, *self.monitor_exclude),
            custom_metrics=tuple(self.custom_metrics),
        )


def _names(given: str | Sequence[str] | None) -> Sequence[str]:
    return (given,) if isinstance(given, str) else given or ()


def load_project(name: str = "") -> Project:
    """Return the project of a module, ``my.module`` or ``my.module:attribute``; by default the settings' one.

    The folder in which the process runs is searched too.

    Raises
    ------
    ProjectNotFoundError
        If there is none.
    """
    name = name or lakehouse.Settings().project
    if not name:
        raise ProjectNotFoundError("", "none is named")
    module_name, _, attribute = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ProjectNotFoundError(name, str(error)) from error
    found = getattr(module, attribute or "project", None)
    if not isinstance(found, Project):
        raise ProjectNotFoundError(name, f"{module_name} has no Project named {attribute or 'project'!r}")
    if not found.keys:
        raise InvalidInputError(f"The project {found.name} has no keys: name the columns that tell its rows apart.")
    return found
