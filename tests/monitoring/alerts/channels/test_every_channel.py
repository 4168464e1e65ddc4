"""Each kind of channel is held to the suite by being there."""

from __future__ import annotations

from importlib import import_module

import pytest

from headwater.lakehouse import InvalidInputError
from headwater.monitoring.alerts.channels.registry import all_channels, from_dict
from tests.monitoring.alerts.channels.suite import ChannelSuite


@pytest.mark.parametrize("kind", all_channels())
def test_a_kind_has_a_test_that_inherits_the_suite(kind):
    tests = vars(import_module(f"tests.monitoring.alerts.channels.test_{kind}")).values()
    assert any(isinstance(one, type) and issubclass(one, ChannelSuite) and one is not ChannelSuite for one in tests)


def test_an_unknown_kind_or_field_is_named():
    with pytest.raises(InvalidInputError, match="Did you mean 'slack'"):
        from_dict({"kind": "slak", "url": "SLACK_URL"})
    with pytest.raises(InvalidInputError, match="'webhook' cannot be made of the fields"):
        from_dict({"kind": "webhook", "uri": "X"})
