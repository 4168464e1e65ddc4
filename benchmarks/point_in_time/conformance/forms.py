"""Our physical forms by their names, each on its own, whichever the planner would take."""

from __future__ import annotations

from headwater.features.joins.form import Plan
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.registry import join_forms
from headwater.features.joins.time_slices import Slicing

__all__ = ["FORMS_BY_TIME", "join_by_form"]

FORMS_BY_TIME = tuple(name for name, form in join_forms().items() if form.needs_time)


def join_by_form(form, labels, features, *, keys, time, outputs, lookback=None):
    """Return what `features.join_as_of` returns, by the form of this name; `time` is None for tables without a time column."""
    lookup = TableLookup(features, tuple(keys), time, outputs, lookback)
    plan = Plan(form, "asked for by its name", buckets=8, slicing=Slicing(share=0.01, slices=7))
    return join_forms()[form].join(labels, [lookup], plan, labels)
