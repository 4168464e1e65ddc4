"""E-mail to an SMTP server."""

from __future__ import annotations

import pytest

from headwater.lakehouse import InvalidInputError
from headwater.monitoring import DeliveryError, Email
from tests.monitoring.alerts.channels.receivers import smtp_receiver
from tests.monitoring.alerts.channels.suite import NOTICE, ChannelSuite


def email(receiver, **changes):
    given = {"to": ["ann@example.com", "ben@example.com"], "sender": "monitor@example.com", "host": "127.0.0.1"}
    return Email(**{**given, "port": receiver.port, "security": "none", "timeout_s": 5, **changes})


class TestEmail(ChannelSuite):
    @pytest.fixture
    def receiver(self):
        with smtp_receiver() as receiver:
            yield receiver

    @pytest.fixture
    def channel(self, receiver):
        return email(receiver)

    @pytest.fixture
    def said(self):
        return lambda mail: f"{mail['Subject']}\n{mail.get_content()}"

    def test_the_mail_has_its_addresses_and_an_id_that_stays(self, channel, receiver):
        channel.send(NOTICE)
        (mail,) = receiver.bodies
        assert (mail["From"], mail["To"]) == ("monitor@example.com", "ann@example.com, ben@example.com")
        assert mail["Message-ID"] == "<7f3a12bc-opened@example.com>"
        assert mail["Subject"] == "Alert on main.air.inference (warning)"

    def test_the_password_is_read_where_it_is_kept(self, receiver, monkeypatch):
        monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
        channel = email(receiver, user="monitor", password="SMTP_PASSWORD")
        channel.send(NOTICE)
        assert receiver.credentials == ["monitor hunter2"]
        assert "hunter2" not in repr(channel)
        monkeypatch.delenv("SMTP_PASSWORD")
        with pytest.raises(DeliveryError, match="set the environment variable SMTP_PASSWORD"):
            channel.send(NOTICE)

    def test_a_server_without_starttls_is_not_sent_a_mail_in_the_clear(self, receiver):
        with pytest.raises(DeliveryError):
            email(receiver, security="starttls").send(NOTICE)
        assert receiver.keys == []

    def test_what_cannot_be_sent_to_is_refused(self, receiver):
        for wrong in ({"to": []}, {"to": "ann"}, {"to": ["a@b\r\nBcc: c@d"]}, {"security": "ssl"}, {"user": "me"}):
            with pytest.raises(InvalidInputError):
                email(receiver, **wrong)
        with pytest.raises(InvalidInputError) as raised:
            email(receiver, user="me", password="hunter2")
        assert "hunter2" not in str(raised.value)
