"""Hyperopt's spaces and its tree-structured Parzen estimator, asked and told: no ``fmin``, no thread and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from headwater.training.models.families import ModelFamily
from headwater.training.models.nested import drawn_of, every_label, expressions, params_of
from headwater.training.search.engine import Proposal

__all__ = ["HyperoptEngine", "compiled"]


class HyperoptEngine:
    """Proposes the families' starts first, then random draws until `startup` trials, then what the estimator suggests.

    Examples
    --------
    >>> from headwater.training import binary_families
    >>> engine = HyperoptEngine({family.name: family for family in binary_families()}, seed=1)
    >>> engine.ask().params["max_iter"], engine.ask().params
    (100, {'C': 0.1})
    """

    def __init__(self, families: Mapping[str, ModelFamily], *, seed: int = 0, startup: int = 6) -> None:
        from hyperopt import Trials
        from hyperopt.base import Domain

        self._families, self._startup = dict(families), startup
        self._names = list(families)
        self._trials, self._domain = Trials(), Domain(lambda _: None, compiled(families))
        self._random = np.random.default_rng(seed)
        self._starts = [family for family in families.values() if family.start]
        self._docs: dict[int, Any] = {}

    def ask(self) -> Proposal:
        """Return the next trial."""
        number = len(self._docs)
        doc = self._started(number) if number < len(self._starts) else self._suggested(number)
        self._docs[number] = doc
        drawn = {label: values[0] for label, values in doc["misc"]["vals"].items() if values}
        family = self._families[self._names[int(drawn.pop("family"))]]
        return Proposal(number, family.name, params_of(family.space, drawn, f"{family.name}."))

    def tell(self, number: int, loss: float | None) -> None:
        """Take in the loss of a trial; a failed one is not learnt from."""
        from hyperopt import JOB_STATE_DONE, STATUS_FAIL, STATUS_OK

        doc = self._docs[number]
        doc["state"] = JOB_STATE_DONE
        doc["result"] = {"status": STATUS_FAIL} if loss is None else {"status": STATUS_OK, "loss": loss}
        self._trials._insert_trial_docs([doc])  # noqa: SLF001 - the public insert draws ids of its own
        self._trials._ids.add(doc["tid"])  # noqa: SLF001
        self._trials.refresh()

    def _suggested(self, number: int) -> Any:
        from hyperopt import rand, tpe

        seed = int(self._random.integers(2**31 - 1))
        if number < self._startup or not any(loss is not None for loss in self._trials.losses()):
            return rand.suggest([number], self._domain, self._trials, seed)[0]
        return tpe.suggest([number], self._domain, self._trials, seed, n_startup_jobs=0)[0]

    def _started(self, number: int) -> Any:
        from hyperopt.fmin import generate_trial

        family = self._starts[number]
        every = [label for one in self._families.values() for label in every_label(one.space, f"{one.name}.")]
        doc = generate_trial(number, {"family": self._names.index(family.name)} | dict.fromkeys(every))
        drawn = drawn_of(family.space, family.start, f"{family.name}.")
        for label in every:
            doc["misc"]["idxs"][label] = [number] if label in drawn else []
            doc["misc"]["vals"][label] = [drawn[label]] if label in drawn else []
        return doc


def compiled(families: Mapping[str, ModelFamily]) -> Any:
    """Return the families' spaces as one of hyperopt's: which family, and of it each hyperparameter."""
    from hyperopt import hp

    branches = [{"family": f.name, "params": expressions(hp, f.space, f"{f.name}.")} for f in families.values()]
    return hp.choice("family", branches)
