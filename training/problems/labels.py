"""Labels that cannot be trained on are an error that says how many there are, and names one."""

from __future__ import annotations

import pandas as pd

from headwater.training.errors import TrainingDataError

__all__ = ["no_odd_labels"]


def no_odd_labels(values: pd.Series, possible: pd.Series, rule: str, remedy: str) -> None:
    """Raise if a label is missing or impossible.

    Parameters
    ----------
    possible
        For each label, whether it is possible.
    rule
        What a label must be, as the end of a sentence.
    remedy
        What to do with impossible labels, as a request.

    Raises
    ------
    TrainingDataError
        With the number of missing and of other values.

    Examples
    --------
    >>> labels = pd.Series([0.0, 2.0, None], name="late")
    >>> no_odd_labels(labels, labels.isin([0, 1]), "must be 0 or 1", "map the others")
    Traceback (most recent call last):
    headwater.training.errors.TrainingDataError: The label 'late' must be 0 or 1: found 1 nulls and 1 other ...
    """
    odd = values[~possible]
    if not len(odd):
        return
    nulls = int(odd.isna().sum())
    example = f", such as {odd.dropna().iloc[0]}" if nulls < len(odd) else ""
    raise TrainingDataError(
        f"The label {values.name!r} {rule}",
        f"{nulls} nulls and {len(odd) - nulls} other values{example}",
        f"Filter the rows without a label out, and {remedy}.",
    )
