"""Where a training's rows are, and what fits on them: in this process by scikit-learn, or in Spark by MLlib."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from headwater.lakehouse import InvalidInputError, Settings
from headwater.training.data.pandas_rows import columns_of, to_pandas, weights_of
from headwater.training.models.families import Columns, ModelFamily
from headwater.training.plan import TrainingPlan
from headwater.training.registry.tracking import frame_digest
from headwater.training.search.digest import search_digest
from headwater.training.search.search import SearchResult, search
from headwater.training.search.trial import Trial, fit
from headwater.training.spark.families import SparkFamily
from headwater.training.spark.rows import SparkRows
from headwater.training.spark.search import fit_on_spark, search_on_spark, spark_digest, with_values

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["REQUIREMENTS", "Source", "source_of"]

REQUIREMENTS = ("cloudpickle", "numpy", "pandas", "scikit-learn")


class Source(Protocol):
    """A training's rows, split at the holdout."""

    @property
    def rows(self) -> pd.DataFrame:
        """Return the training rows, or a sample of them."""

    @property
    def holdout(self) -> pd.DataFrame:
        """Return the rows to judge on."""

    @property
    def columns(self) -> Columns:
        """Return the inputs."""

    @property
    def fitted_on(self) -> tuple[int, pd.Timestamp, pd.Timestamp]:
        """Return how many training rows there are, with the first and the last time."""

    def digest(self, families: Sequence[ModelFamily]) -> str:
        """Return a digest of the search: equal for the same rows, families and plan."""

    def search(
        self, families: Sequence[ModelFamily], known: Mapping[int, Trial], on_trial: Callable[[Trial], None]
    ) -> SearchResult:
        """Search over the training rows."""

    def fit(self, family: ModelFamily, params: Mapping[str, Any]) -> Any:
        """Return a member of the family fitted on all training rows, which answers frames."""

    def seen(self) -> Mapping[str, tuple[int, str]]:
        """Return by their context how many rows were seen, and their digest."""

    def logged(self, model: Any) -> dict[str, Any]:
        """Return the arguments of ``log_model`` that depend on what kind of model it is."""

    def close(self) -> None:
        """Let go of what the rows take."""


def source_of(df: DataFrame, plan: TrainingPlan, settings: Settings, *, stored: bool) -> Source:
    """Return the rows of a training set, in this process or in Spark, as the plan's families need them.

    Raises
    ------
    InvalidInputError
        Some of the plan's families are of Spark, and others are not.
    """
    kinds = {isinstance(family, SparkFamily) for family in plan.searched_families}
    if kinds == {True, False}:
        named = ", ".join(family.name for family in plan.searched_families)
        raise InvalidInputError(
            f"The plan's families ({named}) are partly of Spark and partly of scikit-learn: train those of one kind together."
        )
    if kinds == {True}:
        return _spark_source(df, plan, settings)
    frame = to_pandas(
        df,
        label=plan.label,
        time_column=plan.time_column,
        exclude=plan.exclude,
        problem=plan.problem,
        row_limit=settings.pandas_row_limit,
        stored=stored,
    )
    before, after = plan.holdout.split(frame[plan.time_column])
    rows, holdout = frame.iloc[before].reset_index(drop=True), frame.iloc[after].reset_index(drop=True)
    columns = columns_of(rows.drop(columns=list(_no_inputs(plan))))
    times = rows[plan.time_column]
    return _InProcess(rows, holdout, columns, (len(rows), times.min(), times.max()), plan)


@dataclass(frozen=True)
class _InProcess:
    rows: pd.DataFrame
    holdout: pd.DataFrame
    columns: Columns
    fitted_on: tuple[int, pd.Timestamp, pd.Timestamp]
    plan: TrainingPlan

    @property
    def _searched(self) -> pd.DataFrame:
        plan = self.plan
        beside = dict.fromkeys(name for name in (plan.search.folds.group, plan.weight) if name)
        return self.rows[[*self.columns.all, plan.label, plan.time_column, *beside]]

    def digest(self, families: Sequence[ModelFamily]) -> str:
        return search_digest(self._searched, families, self.plan.search, self.plan.problem)

    def search(
        self, families: Sequence[ModelFamily], known: Mapping[int, Trial], on_trial: Callable[[Trial], None]
    ) -> SearchResult:
        plan = self.plan
        return search(
            self._searched,
            plan.label,
            plan.time_column,
            families,
            plan.search,
            problem=plan.problem,
            weight=plan.weight,
            known=known,
            on_trial=on_trial,
        )

    def fit(self, family: ModelFamily, params: Mapping[str, Any]) -> Any:
        problem, rows = self.plan.problem, self.rows
        labels = problem.to_fit(problem.labels(rows[self.plan.label]))
        return fit(family, params, self.columns, rows, labels, weights_of(rows, self.plan.weight))

    def seen(self) -> Mapping[str, tuple[int, str]]:
        return {
            name: (len(frame), frame_digest(frame))
            for name, frame in (("training", self.rows), ("holdout", self.holdout))
        }

    def logged(self, model: Any) -> dict[str, Any]:
        import mlflow.sklearn

        # It warns of pickles; MLflow's default, skops, refuses histogram boosting and imputers.
        logging.getLogger("mlflow.sklearn").setLevel(logging.ERROR)
        return {
            "model": model,
            "flavor": mlflow.sklearn,
            "pip_requirements": [f"{name}=={installed(name)}" for name in REQUIREMENTS],
            "serialization_format": "cloudpickle",
            "pyfunc_predict_fn": self.plan.problem.method,
        }

    def close(self) -> None:
        pass


def _spark_source(df: DataFrame, plan: TrainingPlan, settings: Settings) -> _OnSpark:
    rows = SparkRows.of(
        df,
        label=plan.label,
        time_column=plan.time_column,
        exclude=plan.exclude,
        holdout=plan.holdout,
        problem=plan.problem,
        row_limit=settings.pandas_row_limit,
        seed=plan.search.seed,
    )
    return _OnSpark(rows.sample, rows.holdout, rows.columns, (rows.count, rows.first, rows.last), plan, rows, settings)


@dataclass(frozen=True)
class _OnSpark:
    rows: pd.DataFrame
    holdout: pd.DataFrame
    columns: Columns
    fitted_on: tuple[int, pd.Timestamp, pd.Timestamp]
    plan: TrainingPlan
    kept: SparkRows
    settings: Settings

    def digest(self, families: Sequence[ModelFamily]) -> str:
        return spark_digest(self.kept, families, self.plan.search, self.plan.problem)

    def search(
        self, families: Sequence[ModelFamily], known: Mapping[int, Trial], on_trial: Callable[[Trial], None]
    ) -> SearchResult:
        plan = self.plan
        return search_on_spark(
            self.kept,
            plan.label,
            plan.time_column,
            families,
            plan.search,
            problem=plan.problem,
            weight=plan.weight,
            row_limit=self.settings.pandas_row_limit,
            known=known,
            on_trial=on_trial,
        )

    def fit(self, family: ModelFamily, params: Mapping[str, Any]) -> Any:
        plan = self.plan
        columns = with_values(self.kept.train, self.columns)
        return fit_on_spark(family, params, self.kept.train, columns, plan.label, plan.problem, plan.weight)

    def seen(self) -> Mapping[str, tuple[int, str]]:
        return {
            "training": (self.kept.count, self.kept.content()),
            "holdout": (len(self.holdout), frame_digest(self.holdout)),
        }

    def logged(self, model: Any) -> dict[str, Any]:
        import mlflow.spark

        scratch = self.settings.home / "scratch" / "mlflow-spark"
        return {
            "model": model.pipeline,
            "flavor": mlflow.spark,
            "pip_requirements": [f"{name}=={installed(name)}" for name in ("numpy", "pandas", "pyspark")],
            "dfs_tmpdir": str(scratch),
        }

    def close(self) -> None:
        self.kept.release()


def _no_inputs(plan: TrainingPlan) -> Sequence[str]:
    return tuple(dict.fromkeys([plan.label, plan.time_column, *plan.exclude]))
