"""Every physical form of ours by its name, each with the parameters of `features.join_as_of`."""

from __future__ import annotations

from headwater.features.joins.forms.union_window_many import AsOfTable, join_tables
from headwater.features.joins.planner import FORMS

__all__ = ["EVERY_FORM"]


def _one_sort(spine, features, *, keys, time, outputs, lookback=None):
    table = AsOfTable(features, tuple(right for _, right in keys), time[1], outputs, lookback)
    return join_tables(spine, [table], keys=[left for left, _ in keys], time=time[0])


EVERY_FORM = {**FORMS, "one sort for all tables": _one_sort}
