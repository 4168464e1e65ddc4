"""Hyperopt's spaces, as people have written them, as ours: for those who must move, since Databricks has dropped hyperopt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from headwater.lakehouse import InvalidInputError
from headwater.training.models.nested import Branches
from headwater.training.models.space import Choice, Dimension, Integers, LogUniform, Uniform

__all__ = ["from_hyperopt"]


def from_hyperopt(space: Mapping[str, Any]) -> dict[str, Dimension]:
    """Return a space of hyperopt's expressions as a space of ours, which every search engine takes.

    Parameters
    ----------
    space
        Names of hyperparameters with ``hp.uniform``, ``hp.loguniform``, ``hp.uniformint``, ``hp.randint``, ``hp.quniform`` and
        ``hp.qloguniform`` with q = 1, or ``hp.choice`` of plain values; plain values stay as choices of one. An ``hp.choice`` of
        dicts that all have one key with a plain value, each another, such as ``{"kernel": "rbf", "gamma": hp.uniform(…)}``,
        becomes :class:`Branches` under that key, whatever it is named here. The labels within the expressions are not used.

    Raises
    ------
    InvalidInputError
        For another expression, such as ``hp.normal`` or a choice of dicts that no key tells apart.

    Examples
    --------
    >>> from hyperopt import hp
    >>> from_hyperopt({"C": hp.loguniform("c", -2, 2), "depth": hp.quniform("d", 2, 8, 1), "kind": hp.choice("k", ["a", None])})
    {'C': LogUniform(low=0.1353352832366127, high=7.38905609893065), 'depth': Integers(low=2, high=8, log=False),
     'kind': Choice(choices=('a', None))}
    """
    found: dict[str, Dimension] = {}
    for name, expression in space.items():
        branches = _branches(str(name), expression)
        if branches is None:
            found[str(name)] = _dimension(str(name), expression)
        else:
            found[branches[0]] = branches[1]
    return found


def _branches(name: str, expression: Any) -> tuple[str, Branches] | None:
    """Return a choice of dicts as branches under the key that tells them apart; None if it is no such choice."""
    from hyperopt.pyll.base import Apply, Literal

    if not isinstance(expression, Apply) or expression.name != "switch":
        return None
    options = [_as_dict(one) for one in expression.pos_args[1:]]
    if any(one is None for one in options):
        return None
    spaces = [one for one in options if one is not None]
    plain = [{k: v.obj for k, v in one.items() if isinstance(v, Literal)} for one in spaces]
    keys = [
        k for k in plain[0] if all(k in one for one in plain) and len({repr(one[k]) for one in plain}) == len(plain)
    ]
    if len(keys) != 1:
        told = f"several keys tell apart ({', '.join(keys)})" if keys else "no key with a plain value tells apart"
        raise InvalidInputError(
            f"The hyperparameter {name!r} is an hp.choice of dicts that {told}: write Branches({{value: space, …}}) instead."
        )
    key = keys[0]
    rest = [{k: v for k, v in one.items() if k != key} for one in spaces]
    return key, Branches({one[key]: from_hyperopt(space) for one, space in zip(plain, rest, strict=True)})


def _as_dict(expression: Any) -> dict[str, Any] | None:
    """Return a dict of expressions, as hyperopt keeps one; None if it is something else."""
    from hyperopt.pyll.base import Literal, as_apply

    if isinstance(expression, Literal):
        return {str(k): as_apply(v) for k, v in expression.obj.items()} if isinstance(expression.obj, dict) else None
    return {str(k): v for k, v in expression.named_args} if expression.name == "dict" else None


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
            f"The hyperparameter {name!r} is an hp.choice of expressions: write Branches, or make a ModelFamily of each branch "
            "and give all to the search."
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
