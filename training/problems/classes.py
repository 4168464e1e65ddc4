"""Which of a classifier's classes is label 1, however it writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headwater.training.errors import TrainingDataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["class_name", "positive_column", "probabilities_of"]


def class_name(value: Any) -> str:
    """Return a class as text, one for ``1``, ``1.0``, ``True``, ``'1'``, ``'1.0'`` and ``'true'``, and for their opposites.

    The monitor tells classes apart by the same rule (:func:`headwater.monitoring.states.columns.class_of_text`).

    Examples
    --------
    >>> {class_name(value) for value in (1, 1.0, True, "1", "1.0", "true", "True")}, class_name("late"), class_name(0.5)
    ({'1'}, 'late', '0.5')
    """
    text = re.sub(r"^([+-]?[0-9]+)\.0+$", r"\1", str(value))
    return {"true": "1", "false": "0"}.get(text.lower(), text)


def positive_column(classes: Sequence[Any]) -> int:
    """Return at which place of a classifier's classes label 1 stands.

    Examples
    --------
    >>> positive_column([False, True]), positive_column(["1.0", "0.0"])
    (1, 0)

    Raises
    ------
    TrainingDataError
        None of them is label 1, or several are.
    """
    places = [place for place, value in enumerate(classes) if class_name(value) == "1"]
    if len(places) != 1:
        known = ", ".join(repr(getattr(value, "item", lambda value=value: value)()) for value in classes)
        raise TrainingDataError(
            "The model's classes", known, "One of them must be label 1, written as 1, 1.0, true, '1' or 'true'."
        )
    return places[0]


def probabilities_of(model: Any, inputs: pd.DataFrame | NDArray[Any]) -> NDArray[np.float64]:
    """Return a classifier's probabilities, rows by its classes, computed with one thread.

    Raises
    ------
    TrainingDataError
        It gives none.
    """
    from threadpoolctl import threadpool_limits

    if not hasattr(model, "predict_proba"):
        raise TrainingDataError(
            "The model", f"{type(model).__name__} without predict_proba", "Use a classifier that gives probabilities."
        )
    with threadpool_limits(limits=1):
        return np.asarray(model.predict_proba(inputs), dtype=np.float64)
