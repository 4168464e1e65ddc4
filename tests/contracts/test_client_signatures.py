"""Our clients take every call that the published ones take: names, kinds and defaults of all parameters.

What is not there yet stands in `known_gaps.py`, so that the list is the truth: filling a gap without striking it out fails,
and so does a new difference, whichever side changed.
"""

from __future__ import annotations

import inspect

import pytest
from known_gaps import GAPS, RESULTS
from published import differences, signature_of

import headwater
from headwater.clients import entities

NEW = "databricks.feature_engineering"
OLD = "databricks.feature_store"


def _gaps(client):
    return {name for names in GAPS[client].values() for name in names}


@pytest.mark.parametrize(("module", "client"), [(NEW, "FeatureEngineeringClient"), (OLD, "FeatureStoreClient")])
def test_every_call_of_the_published_client_is_taken_or_a_known_gap(published, module, client):
    ours = getattr(headwater, client, None)
    assert ours is not None or client in _gaps("clients"), f"{client} is missing"
    if ours is None:
        return
    assert client not in _gaps("clients")
    found = _compared(client, published.constructor(module, client), ours)
    for name, theirs in published.methods(module, client).items():
        method = getattr(ours, name, None)
        found |= {name} if method is None else _compared(name, theirs, method)
    assert found == _gaps(client)


def test_every_definition_is_made_as_the_published_one_or_a_known_gap(published):
    found = set()
    for module in (NEW, f"{NEW}.entities"):
        for name in set(published.exported(module)) - RESULTS:
            ours = getattr(entities, name, None) or getattr(headwater, name, None)
            theirs = published.constructor(module, name)
            if ours is None:
                found.add(name)
            elif theirs is not None and name != "FeatureEngineeringClient":
                found |= _compared(name, theirs, ours)
    assert found == _gaps("entities")


def test_the_reading_of_signatures_sees_what_differs():
    def theirs(self, a, b=1, *, c, d=2, e=None, **kwargs):
        """Stand for the published method."""

    def ours(self, a, *, b=1, c=None, d=3, f):
        """Stand for ours."""

    found = differences(signature_of(theirs), signature_of(ours))
    assert found == {"b by position", "d by default", "e", "**kwargs", "f is asked for"}
    assert differences(signature_of(theirs), signature_of(theirs)) == set()


def _compared(name, theirs, ours):
    assert inspect.isclass(ours) or callable(ours)
    return {f"{name}({difference})" for difference in differences(theirs, signature_of(ours))}
