"""A webhook: JSON to an HTTP server."""

from __future__ import annotations

import json

import pytest

from headwater.lakehouse import InvalidInputError
from headwater.monitoring import DeliveryError, Webhook
from tests.monitoring.alerts.channels.receivers import http_receiver
from tests.monitoring.alerts.channels.suite import NOTICE, ChannelSuite


class TestWebhook(ChannelSuite):
    @pytest.fixture
    def receiver(self):
        with http_receiver() as receiver:
            yield receiver

    @pytest.fixture
    def channel(self, receiver):
        return Webhook(f"http://127.0.0.1:{receiver.port}/hooks/s3cr3t", timeout_s=5)

    @pytest.fixture
    def said(self):
        return lambda body: json.dumps(body, ensure_ascii=False)

    def test_the_body_has_all_facts(self, channel, receiver):
        channel.send(NOTICE)
        (body,) = receiver.bodies
        assert body["idempotency_key"] == receiver.keys[0]
        assert (body["state"], body["severity"], body["concerns"]) == ("opened", "warning", "data")
        assert (body["columns"], body["kinds"], body["since"]) == (["temp"], ["nulls"], "2013-10-14T00:00:00Z")

    def test_its_name_and_its_errors_hold_no_part_of_the_path(self, channel, receiver):
        receiver.stop()
        with pytest.raises(DeliveryError) as raised:
            channel.send(NOTICE)
        assert "s3cr3t" not in str(raised.value)
        assert "s3cr3t" not in channel.name

    @pytest.mark.parametrize("status", [301, 302, 307, 404])
    def test_a_redirect_delivers_nothing_and_is_an_error_as_any_other_answer(self, channel, receiver, status):
        receiver.status = status
        with pytest.raises(DeliveryError, match=f"HTTP status {status}"):
            channel.send(NOTICE)

    def test_url_and_token_are_read_where_they_are_kept(self, receiver, monkeypatch):
        monkeypatch.setenv("ALERTS_URL", f"http://127.0.0.1:{receiver.port}/")
        monkeypatch.setenv("HEADWATER_SECRET_ALERTS_TOKEN", "hunter2")
        channel = Webhook("ALERTS_URL", token="{{secrets/alerts/token}}")
        channel.send(NOTICE)
        assert receiver.credentials == ["Bearer hunter2"]
        assert "hunter2" not in repr(channel)
        monkeypatch.delenv("HEADWATER_SECRET_ALERTS_TOKEN")
        with pytest.raises(DeliveryError, match="set the environment variable HEADWATER_SECRET_ALERTS_TOKEN"):
            channel.send(NOTICE)

    def test_a_secret_in_place_of_its_name_is_refused_and_not_shown(self):
        for wrong in ({"token": "hunter2"}, {"url": "https://me:hunter2@example.com"}, {"url": "hunter2"}):
            with pytest.raises(InvalidInputError) as raised:
                Webhook(**{"url": "https://example.com", **wrong})
            assert "hunter2" not in str(raised.value)
