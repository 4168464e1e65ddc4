"""Slack: a text and blocks to an incoming webhook."""

from __future__ import annotations

import html
from dataclasses import replace

import pytest

from headwater.lakehouse import InvalidInputError
from headwater.monitoring import Slack
from tests.monitoring.alerts.channels.receivers import http_receiver
from tests.monitoring.alerts.channels.suite import NOTICE, ChannelSuite


class TestSlack(ChannelSuite):
    @pytest.fixture
    def receiver(self):
        with http_receiver() as receiver:
            yield receiver

    @pytest.fixture
    def channel(self, receiver, monkeypatch):
        monkeypatch.setenv("SLACK_URL", f"http://127.0.0.1:{receiver.port}/services/T0/B0/s3cr3t")
        return Slack("SLACK_URL", timeout_s=5)

    @pytest.fixture
    def said(self):
        def text(body):
            parts = [body["text"], *(block.get("text", {}).get("text", "") for block in body["blocks"])]
            parts += [part["text"] for block in body["blocks"] for part in block.get("elements", ())]
            return html.unescape("\n".join(parts))

        return text

    def test_the_message_keeps_to_slacks_form_and_lengths(self, channel, receiver):
        channel.send(replace(NOTICE, table_name="t" * 300, message="m" * 9000))
        (body,) = receiver.bodies
        header, section, context = body["blocks"]
        assert set(body) == {"text", "blocks"}
        assert (header["type"], header["text"]["type"], len(header["text"]["text"])) == ("header", "plain_text", 150)
        assert (section["type"], section["text"]["type"], len(section["text"]["text"])) == ("section", "mrkdwn", 3000)
        assert context["elements"][0]["text"].startswith("incident 7f3a12bc · opened · since 2013-10-14")

    def test_signs_that_slack_reads_as_markup_are_escaped(self, channel, receiver):
        channel.send(NOTICE)
        assert "value &amp; &lt;none&gt; “known”" in receiver.bodies[0]["blocks"][1]["text"]["text"]

    def test_slacks_own_url_is_a_secret(self):
        with pytest.raises(InvalidInputError, match="SLACK_URL") as raised:
            Slack("https://hooks.slack.com/services/T0/B0/s3cr3t")
        assert "s3cr3t" not in str(raised.value)
