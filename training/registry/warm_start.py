"""The champion's hyperparameters as the first trial of the next search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headwater.training.models.families import ModelFamily
from headwater.training.models.nested import read_params
from headwater.training.models.space import Choice, Dimension, Integers
from headwater.training.registry.registry import champion

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from headwater.lakehouse import Settings

__all__ = ["hyperparameters", "warmed"]


def warmed(
    families: Sequence[ModelFamily], client: MlflowClient, model_name: str, settings: Settings
) -> tuple[ModelFamily, ...]:
    """Return the families, the champion's with the hyperparameters that it has as its start.

    They stay as they are where there is no champion, its run is gone, or its hyperparameters are not all within the space.
    """
    from mlflow.exceptions import MlflowException

    version = champion(model_name, settings=settings)
    if version is None or not version.run_id:
        return tuple(families)
    try:
        params = client.get_run(version.run_id).data.params
    except MlflowException:  # the run was deleted; the version stays
        return tuple(families)
    return tuple(
        replace(one, start=hyperparameters(one, params) or one.start) if one.name == params.get("family") else one
        for one in families
    )


def hyperparameters(family: ModelFamily, params: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the hyperparameters of the family's space that were logged as texts; None if one is not within it."""
    try:
        return read_params(family.space, params, _value)
    except (KeyError, ValueError):
        return None


def _value(dimension: Dimension, text: str) -> Any:
    """Return the value of a dimension that a text stands for; raises if it has none such."""
    if isinstance(dimension, Choice):
        alike = [value for value in dimension.choices if str(value) == text]
        if len(alike) != 1:
            raise ValueError(text)
        return alike[0]
    number = int(text) if isinstance(dimension, Integers) else float(text)
    low, high = getattr(dimension, "low", number), getattr(dimension, "high", number)
    if not low <= number <= high:
        raise ValueError(text)
    return number
