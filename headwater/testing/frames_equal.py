"""Whether two frames hold the same rows."""

from __future__ import annotations

import numbers
from typing import Any

__all__ = ["assert_frames_equal"]


def assert_frames_equal(
    left: Any, right: Any, *, any_order: bool = True, any_column_order: bool = True, tolerance: float = 1e-9
) -> None:
    """Assert that two frames, of Spark or of pandas, hold the same rows.

    Parameters
    ----------
    any_order, any_column_order
        Whether the order of rows, and of columns, is left out of account. Duplicate rows count.
    tolerance
        Largest difference of two numbers, relative to the greater or absolute. NULL, None and NaN are equal to each other alone.

    Raises
    ------
    AssertionError
        With the first rows that differ.

    Examples
    --------
    >>> import pandas as pd
    >>> assert_frames_equal(pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [2, 1]}))
    """
    __tracebackhide__ = True
    import pandas as pd

    ours, theirs = _in_pandas(left), _in_pandas(right)
    if any_column_order and sorted(ours) == sorted(theirs):
        theirs = theirs[list(ours)]
    assert list(ours) == list(theirs), f"Columns differ: {list(ours)} and {list(theirs)}."
    assert len(ours) == len(theirs), f"Rows differ in number: {len(ours):,} and {len(theirs):,}."
    if any_order:
        ours, theirs = (frame.loc[_sorted_index(frame)].reset_index(drop=True) for frame in (ours, theirs))
    try:
        pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, rtol=tolerance, atol=tolerance)
    except AssertionError as error:
        raise AssertionError(f"The frames differ: {error}\nleft:\n{ours.head(10)}\nright:\n{theirs.head(10)}") from None


def _in_pandas(frame: Any) -> Any:
    import pandas as pd

    made: Any
    if isinstance(frame, pd.DataFrame):
        made = frame.reset_index(drop=True)
    elif hasattr(frame, "toPandas"):
        made = frame.toPandas()
    else:
        raise TypeError(f"assert_frames_equal takes frames of Spark or pandas, found {type(frame).__name__}.")
    return made.astype(object).where(made.notna(), None).infer_objects()


def _sorted_index(frame: Any) -> list[Any]:
    """Return the frame's labels in an order that numbers which are nearly equal do not change."""

    def key(label: Any) -> tuple[Any, ...]:
        values = frame.loc[label]
        return tuple(
            (0, round(float(value), 6), "") if isinstance(value, numbers.Real) else (1, 0.0, str(value))
            for value in values
        )

    return sorted(frame.index, key=key)
