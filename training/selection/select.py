"""Chooses the features that help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.lakehouse import InvalidInputError, MissingColumnsError
from headwater.training.data.pandas_rows import columns_of
from headwater.training.data.splits import TimeFolds
from headwater.training.judging.bootstrap import Difference, paired_losses
from headwater.training.models.families import Columns, ModelFamily
from headwater.training.problems import plots
from headwater.training.problems.binary import Binary
from headwater.training.problems.problem import Problem
from headwater.training.search.hyperopt_spark import classic_session
from headwater.training.search.trial import TrialData, fit
from headwater.training.selection.importances import Task, group_importances
from headwater.training.selection.redundancy import redundant_groups, similarity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FeatureSelection", "Selection", "select_features"]

_BINARY = Binary()
_Task = TypeVar("_Task")
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Selection:
    """How features are selected.

    Parameters
    ----------
    folds
        Time-ordered folds; importance is measured in each, so that a feature that helped once is told from one that helps.
    chance_rounds
        Fits with shuffled labels, which tell what importance chance gives.
    alike
        Similarity from which inputs are redundant, see :func:`headwater.training.selection.redundancy.similarity`.
    stable
        Share of the folds in which a feature must be more important than chance.
    parallelism
        Fits at a time on the session's Spark; 1: in this process.
    seed
        Equal seeds give equal results, here and on Spark.
    """

    folds: TimeFolds = field(default_factory=TimeFolds)
    chance_rounds: int = 10
    alike: float = 0.9
    stable: float = 0.5
    parallelism: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.chance_rounds < 5 or self.parallelism < 1 or not 0 < self.alike <= 1 or not 0 <= self.stable <= 1:
            raise InvalidInputError(
                f"{self}: take at least 5 chance_rounds, a parallelism of at least 1, and shares between 0 and 1."
            )


@dataclass(frozen=True)
class FeatureSelection:
    """Which features to keep.

    Attributes
    ----------
    kept
        Names of the features to keep, as the definitions have them; the most important first.
    table
        One row per feature: ``feature``, ``group`` (number of its group of redundant ones), ``importance`` (mean over the folds
        of the growth of the loss when the group is shuffled, in the loss's unit), ``deviation`` (over the folds), ``chance`` (the
        largest importance of the group with shuffled labels), ``folds`` (share of folds above chance), ``kept``, and ``reason``
        as a sentence.
    change
        The loss with the kept features less that with all, on the last fold's validation rows.
    """

    kept: tuple[str, ...]
    table: pd.DataFrame
    change: Difference

    def figure(self) -> Figure:
        """Return bars of the features' importance, the kept ones first."""
        shown = self.table.sort_values(["kept", "importance"], ascending=False, kind="stable")
        return plots.feature_importance(
            shown, growth=f"{self.change.metric.replace('_', ' ')} when its group is shuffled"
        )


def select_features(
    rows: pd.DataFrame,
    label: str,
    time_column: str,
    *,
    problem: Problem = _BINARY,
    exclude: Sequence[str] = (),
    family: ModelFamily | None = None,
    plan: Selection | None = None,
) -> FeatureSelection:
    """Return the features that help beyond chance, in enough of the time folds, and one of each redundant group.

    Inputs that are alike form groups. A group's importance is the growth of the loss on later rows when its inputs are shuffled
    together (so that two that say the same do not hide each other). A group is kept if its importance is above the largest that
    it had with shuffled labels, in enough folds; of a kept group, the input stays that is the most important by itself.

    Parameters
    ----------
    rows
        Label, time and inputs, as for :func:`headwater.training.search`: numbers as float64, strings as objects.
    exclude
        Columns that are no inputs.
    family
        What is fitted, with its start; default: the problem's first, histogram boosting.

    Raises
    ------
    MissingColumnsError
        If a named column is not there.

    Notes
    -----
    Costs a fit per fold and per chance round, two more in the end, and predictions of 2,000 rows three times per group each.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=900, freq="h"), "signal": rng.normal(size=900)})
    >>> rows = rows.assign(copy=rows["signal"] * 2, noise=rng.normal(size=900))
    >>> rows["label"] = (rows["signal"] + rng.normal(size=900) > 0).astype(int)
    >>> select_features(rows, "label", "time").kept
    ('signal',)
    """
    plan = plan or Selection()
    missing = [name for name in (label, time_column, *exclude) if name not in rows.columns]
    if missing:
        raise MissingColumnsError(missing, "the rows to select features on", [str(c) for c in rows.columns])
    inputs = rows.drop(columns=list(dict.fromkeys([label, time_column, *exclude]))).reset_index(drop=True)
    columns = columns_of(inputs)
    family = family or problem.families()[0]
    data = TrialData(inputs, problem.labels(rows[label]), columns, tuple(plan.folds.split(rows[time_column])), problem)
    groups = redundant_groups(similarity(inputs, columns, seed=plan.seed), plan.alike)
    measured, chance = _measured(data, family, groups, plan)
    single = _single_importances(data, family, [group for group in groups if len(group) > 1], plan.parallelism)
    table = _table(groups, measured, chance, single, plan)
    kept = tuple(table.loc[table["kept"], "feature"])
    return FeatureSelection(kept, table, _change(data, family, kept))


def _measured(
    data: TrialData, family: ModelFamily, groups: Sequence[Sequence[str]], plan: Selection
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the importances, folds by groups, and the largest ones of chance by group."""
    folds = len(data.folds)
    tasks = [Task(fold) for fold in range(folds)]
    tasks += [Task(n % folds, shuffled=1000 * plan.seed + n) for n in range(plan.chance_rounds)]
    found = _run(lambda task: group_importances(data, family, groups, task), tasks, plan.parallelism)
    return np.array(found[:folds]), np.array(found[folds:]).max(axis=0)


def _run(measure: Callable[[_Task], _Found], tasks: Sequence[_Task], parallelism: int) -> list[_Found]:
    """Run the tasks, as one Spark job if several are to run at a time and there is a classic session."""
    spark = classic_session()
    if parallelism == 1 or isinstance(spark, str) or not tasks:
        return [measure(task) for task in tasks]
    found: list[_Found] = spark.sparkContext.parallelize(tasks, len(tasks)).map(measure).collect()
    return found


def _single_importances(
    data: TrialData, family: ModelFamily, groups: Sequence[Sequence[str]], parallelism: int
) -> dict[str, float]:
    """Return, for the inputs of groups of several, how much lower the loss is with each one as the only input."""
    names = [name for group in groups for name in group]
    losses = _run(lambda name: float(_loss(data, family, data.columns.only([name])).mean()), names, parallelism)
    return {name: -loss for name, loss in zip(names, losses, strict=True)}


def _loss(data: TrialData, family: ModelFamily, used: Columns) -> NDArray[np.float64]:
    """Return the losses of the last fold's validation rows with some of the inputs; with none, of the trivial predictor."""
    from headwater.training.models.baselines import RateBaseline

    fold, problem = data.folds[-1], data.problem
    train, judged = data.label[fold.train], data.label[fold.validate]
    later = data.inputs.iloc[fold.validate]
    if not used.all:
        targets = problem.targets(train)
        answers = RateBaseline().predict(data.inputs.iloc[fold.train], targets, later, centre=problem.centre)
    else:
        model = fit(family, family.start, used, data.inputs.iloc[fold.train][used.all], problem.to_fit(train))
        answers = problem.answers(model, later[used.all])
    return problem.losses(judged, answers)


def _table(
    groups: Sequence[Sequence[str]],
    measured: NDArray[np.float64],
    chance: NDArray[np.float64],
    single: dict[str, float],
    plan: Selection,
) -> pd.DataFrame:
    found: list[dict[str, Any]] = []
    for number, group in enumerate(groups):
        importances, bound = measured[:, number], max(float(chance[number]), 0.0)
        share = float((importances > bound).mean())
        helps = importances.mean() > bound and share >= plan.stable
        best = max(group, key=lambda name: single.get(name, 0.0))
        for name in group:
            if not helps:
                reason = (
                    "Not more important than chance."
                    if importances.mean() <= bound
                    else (f"More important than chance in {share:.0%} of the folds alone.")
                )
            elif name != best:
                reason = f"Says the same as {best}."
            else:
                reason = f"More important than chance in {share:.0%} of the folds."
            found.append(
                {"feature": name, "group": number, "importance": float(importances.mean()),
                 "deviation": float(importances.std()), "chance": bound, "folds": share, "kept": helps and name == best,
                 "reason": reason}
            )  # fmt: skip
    return pd.DataFrame(found).sort_values(["importance", "kept"], ascending=False, kind="stable", ignore_index=True)


def _change(data: TrialData, family: ModelFamily, kept: Sequence[str]) -> Difference:
    both = [_loss(data, family, columns) for columns in (data.columns.only(kept), data.columns)]
    return paired_losses(both[0], both[1], metric=data.problem.loss)
