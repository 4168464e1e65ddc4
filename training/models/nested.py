"""Spaces within spaces: what is searched over under one value of a hyperparameter alone, and how such spaces are walked.

An engine draws under *labels*, one per hyperparameter and branch: ``f.solver``, ``f.solver=1.l1_ratio``. A model gets its
hyperparameters flat, by their names, those of the drawn branches alone: ``{"solver": "saga", "l1_ratio": 0.3}``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headwater.lakehouse import InvalidInputError, known
from headwater.training.models.space import Choice, Dimension

__all__ = [
    "Branches",
    "Space",
    "draw",
    "drawn_of",
    "every_dimension",
    "every_label",
    "expressions",
    "flat_point",
    "labelled",
    "params_of",
    "read_params",
]

Space = Mapping[str, Dimension]


@dataclass(frozen=True)
class Branches:
    """One of some values, each with a space of its own that is searched over where the value is drawn.

    Parameters
    ----------
    branches
        For each value its space, which may have branches again; an empty one has nothing more to search. Two branches may have a
        hyperparameter of one name, within different bounds. A name must not be used again below itself, nor beside.

    Examples
    --------
    >>> from headwater.training import Uniform
    >>> solver = Branches({"lbfgs": {}, "saga": {"l1_ratio": Uniform(0, 1)}})
    >>> params_of({"solver": solver}, {"solver": 1, "solver=1.l1_ratio": 0.25})
    {'solver': 'saga', 'l1_ratio': 0.25}
    """

    branches: Mapping[Any, Space]

    def __post_init__(self) -> None:
        given: Any = self.branches
        if not isinstance(given, Mapping) or not given:
            raise InvalidInputError(
                f"Branches takes for each value its space, found {given!r}: write Branches({{'a': {{}}, "
                "'b': {'x': Uniform(0, 1)}})."
            )
        for value, space in given.items():
            odd = [name for name, one in space.items() if not hasattr(one, "expression")]
            if odd:
                raise InvalidInputError(
                    f"The hyperparameter {odd[0]!r} of the branch {value!r} is {space[odd[0]]!r}: use Uniform, LogUniform, "
                    "Integers, Choice or Branches."
                )

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values."""
        return tuple(self.branches)

    def expression(self, hp: Any, label: str) -> Any:
        """Return what hyperopt draws from: a place, with the hyperparameters of its branch."""
        return hp.choice(
            label,
            [
                {"place": place, "params": expressions(hp, space, f"{label}={place}.")}
                for place, space in enumerate(self.branches.values())
            ],
        )

    def distribution(self, distributions: Any) -> Any:
        """Return Optuna's distribution of the value alone."""
        return distributions.CategoricalDistribution(tuple(range(len(self.branches))))

    def value(self, drawn: Any) -> Any:
        """Return the value at the drawn place, which counts from 0."""
        return self.choices[int(drawn)]

    def drawn(self, value: Any) -> int:
        """Return the place of a value; raises InvalidInputError if it has no branch."""
        return Choice(self.choices).drawn(value)

    def space(self, value: Any) -> Space:
        """Return the space of a value."""
        return list(self.branches.values())[self.drawn(value)]


def expressions(hp: Any, space: Space, prefix: str) -> dict[str, Any]:
    """Return for each hyperparameter what hyperopt draws from, under the labels of the prefix."""
    return {name: one.expression(hp, f"{prefix}{name}") for name, one in space.items()}


def every_label(space: Space, prefix: str = "") -> list[str]:
    """Return the labels of all branches."""
    return list(labelled(space, prefix))


def labelled(space: Space, prefix: str = "") -> dict[str, Dimension]:
    """Return the dimensions of all branches by their labels."""
    found: dict[str, Dimension] = {}
    for name, one in space.items():
        found[f"{prefix}{name}"] = one
        if isinstance(one, Branches):
            for place, below in enumerate(one.branches.values()):
                found |= labelled(below, f"{prefix}{name}={place}.")
    return found


def every_dimension(space: Space) -> dict[str, Dimension]:
    """Return the dimensions of all branches by their names; of a name in several branches the first one's."""
    found: dict[str, Dimension] = {}
    for name, one in space.items():
        found.setdefault(name, one)
        for below in one.branches.values() if isinstance(one, Branches) else ():
            found = {**found, **every_dimension(below), **found}
    return found


def params_of(space: Space, drawn: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the model's hyperparameters for what was drawn, by label; labels of branches not taken are not looked at."""
    return draw(space, lambda label, _: drawn[label], prefix)


def draw(space: Space, ask: Callable[[str, Dimension], Any], prefix: str = "") -> dict[str, Any]:
    """Return hyperparameters, each drawn by `ask`, which is called with a label and its dimension for branches taken alone."""
    found: dict[str, Any] = {}
    for name, one in space.items():
        value = found[name] = one.value(ask(f"{prefix}{name}", one))
        if isinstance(one, Branches):
            found |= draw(one.space(value), ask, f"{prefix}{name}={one.drawn(value)}.")
    return found


def drawn_of(space: Space, params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return what is drawn for a model's hyperparameters, by label.

    Raises
    ------
    InvalidInputError
        One is missing, is none of the taken branches', or has a value that is not drawn.
    """
    found, used = _drawn_of(space, params, prefix)
    odd = sorted(set(params) - used)
    if odd:
        raise InvalidInputError(
            f"The hyperparameter {odd[0]!r} is not searched over with the others of {dict(params)!r}. "
            f"{known(odd[0], sorted(used))}"
        )
    return found


def _drawn_of(space: Space, params: Mapping[str, Any], prefix: str) -> tuple[dict[str, Any], set[str]]:
    found: dict[str, Any] = {}
    used: set[str] = set()
    for name, one in space.items():
        if name not in params:
            raise InvalidInputError(f"The hyperparameter {name!r} is missing among {', '.join(params) or 'none'}.")
        found[f"{prefix}{name}"] = place = one.drawn(params[name])
        used.add(name)
        if isinstance(one, Branches):
            below, names = _drawn_of(one.space(params[name]), params, f"{prefix}{name}={place}.")
            found, used = found | below, used | names
    return found, used


def flat_point(space: Space, point: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model's hyperparameters for a point of :func:`expressions`, as hyperopt hands it to an objective."""
    found: dict[str, Any] = {}
    for name, one in space.items():
        if isinstance(one, Branches):
            value = found[name] = one.value(point[name]["place"])
            found |= flat_point(one.space(value), point[name]["params"])
        else:
            found[name] = one.value(point[name])
    return found


def read_params(space: Space, texts: Mapping[str, str], read: Callable[[Dimension, str], Any]) -> dict[str, Any]:
    """Return the hyperparameters of the branches taken, each read from its text; raises what `read` does, and KeyError."""
    found: dict[str, Any] = {}
    for name, one in space.items():
        if isinstance(one, Branches):
            value = found[name] = read(Choice(one.choices), texts[name])
            found |= read_params(one.space(value), texts, read)
        else:
            found[name] = read(one, texts[name])
    return found
