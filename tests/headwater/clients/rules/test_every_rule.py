"""Every rule has a test, and every method of the clients says what it does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from headwater import FeatureEngineeringClient, FeatureStoreClient

CLIENTS = Path(__file__).parents[1]


@pytest.mark.parametrize("number", range(1, 37))
def test_every_rule_has_a_test(number):
    texts = [file.read_text() for file in CLIENTS.rglob("test_*.py")]
    assert any(re.search(rf"^@rule\(\s*{number},", text, re.MULTILINE) for text in texts)


def test_the_clients_methods_say_where_their_rules_are():
    for client in (FeatureEngineeringClient, FeatureStoreClient):
        for name, method in inspect.getmembers(client, inspect.isfunction):
            assert name.startswith("_") or method.__doc__, name
