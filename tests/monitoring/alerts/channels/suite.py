"""What every channel must do. The test of a channel inherits the class and gives `receiver`, `channel` and `said`."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from headwater.monitoring import AlertPolicy, DeliveryError, Notice
from headwater.monitoring.alerts.channels.registry import all_channels, from_dict, to_dict

NOTICE = Notice(
    incident_id="7f3a12bc", state="opened", table_name="main.air.inference", severity="warning",
    message="1 column of main.air.weather broke in the window from 2013-10-14 on. temp: 12.0% have no value & <none> “known”.",
    advice="Look at the source and mend it; do not train on it.", since=dt.datetime(2013, 10, 14),
    opened_at=dt.datetime(2013, 10, 21), cause="main.air.weather", concerns="data", columns=("temp",), kinds=("nulls",),
)  # fmt: skip


class ChannelSuite:
    """Fixtures to give: `receiver`, a :class:`Receiver`; `channel`, which sends to it; `said`, what a body says, as one text."""

    def test_a_notice_arrives_once_whole_and_with_its_key(self, channel, receiver, said):
        channel.send(NOTICE)
        assert receiver.keys == ["7f3a12bc-opened"]
        text = said(receiver.bodies[0])
        for part in (NOTICE.title, NOTICE.message, NOTICE.advice, "7f3a12bc", "2013-10-14"):
            assert part in text

    def test_each_state_has_a_key_of_its_own_and_the_same_one_when_sent_again(self, channel, receiver):
        for state in ("opened", "closed", "closed", "withdrawn"):
            channel.send(replace(NOTICE, state=state))
        assert receiver.keys == [f"7f3a12bc-{state}" for state in ("opened", "closed", "closed", "withdrawn")]

    def test_a_notice_without_advice_and_time_and_a_very_long_one_arrive(self, channel, receiver, said):
        channel.send(replace(NOTICE, since=None, opened_at=None, advice="", columns=(), message="x " * 20_000))
        assert "x x x" in said(receiver.bodies[0])

    def test_a_receiver_that_refuses_raises_an_error_that_says_so(self, channel, receiver):
        receiver.refuses = True
        with pytest.raises(DeliveryError, match="7f3a12bc-opened was not delivered to") as raised:
            channel.send(NOTICE)
        assert channel.name in str(raised.value)
        assert receiver.keys == []

    def test_a_receiver_that_is_not_there_raises_the_same_error(self, channel, receiver):
        receiver.stop()
        with pytest.raises(DeliveryError, match="next run"):
            channel.send(NOTICE)

    def test_it_is_made_of_its_dict_again_which_json_holds(self, channel):
        kept = json.loads(json.dumps(to_dict(channel)))
        assert from_dict(kept) == channel
        assert all_channels()[channel.kind] is type(channel)

    def test_a_policys_text_by_which_limits_are_kept_does_not_name_it(self, channel):
        assert repr(AlertPolicy(channels=[channel])) == repr(AlertPolicy())
