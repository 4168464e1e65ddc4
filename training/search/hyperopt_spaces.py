"""Hyperopt's spaces, as people have written them, as ours: for those who must move, since Databricks has dropped hyperopt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from headwater.lakehouse import InvalidInputError
from headwater.training.models.space import Choice, Dimension, Integers, LogUniform, Uniform

__all__ = ["from_hyperopt"]


def from_hyperopt(space: Mapping[str, Any]) -> dict[str, Dimension]:
    """Return a space of hyperopt's expressions as a space of ours, which every search engine takes.

    Parameters
    ----------
    space
        Names of hyperparameters with ``hp.uniform``, ``hp.loguniform``, ``hp.uniformint``, ``hp.randint``, ``hp.quniform`` and
        ``hp.qloguniform`` with q = 1, or ``hp.choice`` of plain values; plain values stay as choices of one. The labels within
        the expressions are not used.

    Raises
    ------
    InvalidInputError
        For another expression, such as ``hp.normal`` or a choice of expressions, which should become several families.

    Examples
    --------
    >>> from hyperopt import hp
    >>> from_hyperopt({"C": hp.loguniform("c", -2, 2), "depth": hp.quniform("d", 2, 8, 1), "kind": hp.choice("k", ["a", None])})
    {'C': LogUniform(low=0.1353352832366127, high=7.38905609893065), 'depth': Integers(low=2, high=8, log=False),
     'kind': Choice(choices=('a', None))}
    """
    return {str(name): _dimension(str(name), expression) for name, expression in space.items()}


def _dimension(name: str, expression: Any) -> Dimension:
    from hyperopt.pyll.base import Apply, Literal

    if not isinstance(expression, Apply):
        return Choice((expression,))
    if isinstance(expression, Literal):
        return Choice((expression.obj,))
    if expression.name == "switch":
        options = expression.pos_args[1:]
        if all(isinstance(one, Literal) for one in options):
            return Choice(tuple(one.obj for one in options))
        raise InvalidInputError(
            f"The hyperparameter {name!r} is an hp.choice of expressions: make a ModelFamily of each branch, and give all to "
            "the search."
        )
    drawn = _drawing(expression)
    if drawn is None:
        raise InvalidInputError(f"The hyperparameter {name!r} is no expression that hyperopt draws from: {expression}.")
    kind, given = drawn
    made = _made(kind, given)
    if made is None:
        raise InvalidInputError(
            f"The hyperparameter {name!r} is hp.{kind}({given}), which has no counterpart. Known: uniform, loguniform, "
            "uniformint, randint, quniform and qloguniform with q = 1, and choice."
        )
    return made


def _drawing(expression: Any) -> tuple[str, dict[str, Any]] | None:
    """Return what an expression draws from, and its arguments by name; casts and labels around it are passed over."""
    from hyperopt.pyll.base import Literal

    node = expression
    while node.name in ("float", "int", "hyperopt_param"):
        node = node.pos_args[-1]
    given = {name: value.obj for name, value in node.arg.items() if isinstance(value, Literal)}
    return None if not given else (str(node.name), given)


def _made(kind: str, given: Mapping[str, Any]) -> Dimension | None:
    if kind == "uniform":
        return Uniform(float(given["low"]), float(given["high"]))
    if kind == "loguniform":
        return LogUniform(math.exp(given["low"]), math.exp(given["high"]))
    if kind in ("uniformint", "quniform") and given.get("q", 1) == 1:
        return Integers(round(given["low"]), round(given["high"]))
    if kind == "qloguniform" and given["q"] == 1:
        return Integers(max(1, round(math.exp(given["low"]))), round(math.exp(given["high"])), log=True)
    if kind == "randint":
        low, high = (0, given["low"]) if given.get("high") is None else (given["low"], given["high"])
        return Integers(int(low), int(high) - 1)
    return None
