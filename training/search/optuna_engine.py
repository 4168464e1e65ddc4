"""Optuna's tree-structured Parzen estimator behind the engine's protocol, and spaces between Optuna, hyperopt and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headwater.lakehouse import InvalidInputError
from headwater.training.models.families import ModelFamily
from headwater.training.models.nested import draw, drawn_of, labelled
from headwater.training.models.space import Dimension
from headwater.training.search.engine import Proposal

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.distributions import BaseDistribution

__all__ = ["OptunaEngine", "to_optuna"]

_FAMILY = "family"


class OptunaEngine:
    """Proposes the families' starts first, then random draws until `startup` trials, then what Optuna's estimator suggests.

    The study is in memory, and its sampler is its own.

    Examples
    --------
    >>> from headwater.training import binary_families
    >>> engine = OptunaEngine({family.name: family for family in binary_families()}, seed=1)
    >>> engine.ask().params["max_iter"], engine.ask().params
    (100, {'C': 0.1})
    """

    def __init__(self, families: Mapping[str, ModelFamily], *, seed: int = 0, startup: int = 6) -> None:
        try:
            import optuna
        except ModuleNotFoundError as error:
            raise InvalidInputError(
                'The engine "optuna" needs Optuna: pip install "headwater[ml]", or take SearchPlan(engine="hyperopt").'
            ) from error
        self._families = dict(families)
        for family in families.values():
            to_optuna(family.space)  # raises if a dimension has no distribution
        verbosity = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)  # it tells each study and each trial, on the console
        try:
            self._study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup))
            for family in families.values():
                if family.start:
                    drawn = drawn_of(family.space, family.start, f"{family.name}.")
                    self._study.enqueue_trial({_FAMILY: family.name, **drawn})
        finally:
            optuna.logging.set_verbosity(verbosity)
        self._trials: dict[int, Trial] = {}

    def ask(self) -> Proposal:
        """Return the next trial."""
        trial = self._study.ask()
        self._trials[trial.number] = trial
        family = self._families[str(trial.suggest_categorical(_FAMILY, list(self._families)))]
        params = draw(
            family.space, lambda label, one: _drawn(trial, label, _distribution(label, one)), f"{family.name}."
        )
        return Proposal(trial.number, family.name, params)

    def tell(self, number: int, loss: float | None) -> None:
        """Take in the loss of a trial; a failed one is not learnt from."""
        from optuna.trial import TrialState

        if loss is None:
            self._study.tell(self._trials[number], state=TrialState.FAIL)
        else:
            self._study.tell(self._trials[number], loss)


def to_optuna(space: Mapping[str, Dimension]) -> dict[str, BaseDistribution]:
    """Return a family's space as Optuna's distributions; of a choice, and of branches, the places of the values.

    Hyperparameters of a branch have its place in their label, such as ``solver=1.l1_ratio``: they are drawn where it is.

    Examples
    --------
    >>> from headwater.training import Integers, LogUniform
    >>> to_optuna({"C": LogUniform(0.01, 10.0), "depth": Integers(2, 8)})
    {'C': FloatDistribution(high=10.0, log=True, low=0.01, step=None), 'depth': IntDistribution(high=8, log=False, low=2, step=1)}
    """
    return {label: _distribution(label, dimension) for label, dimension in labelled(space).items()}


def _distribution(label: str, dimension: Dimension) -> Any:
    from optuna import distributions

    if not hasattr(dimension, "distribution"):
        raise InvalidInputError(
            f"The hyperparameter {label!r}, {dimension!r}, has no method distribution(distributions), which Optuna needs: "
            "add it, or search with hyperopt."
        )
    return dimension.distribution(distributions)


def _drawn(trial: Trial, label: str, distribution: BaseDistribution) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(distribution, FloatDistribution):
        return trial.suggest_float(
            label, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )
    if isinstance(distribution, IntDistribution):
        return trial.suggest_int(
            label, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )
    assert isinstance(distribution, CategoricalDistribution)
    return trial.suggest_categorical(label, distribution.choices)
