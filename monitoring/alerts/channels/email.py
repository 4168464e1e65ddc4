"""E-mail, over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import ClassVar, Literal

from headwater.lakehouse import InvalidInputError, known
from headwater.monitoring.alerts.channels.secrets import SecretNotSetError, check_reference, secret_of
from headwater.monitoring.definitions.channel import DeliveryError, Notice

__all__ = ["CHANNEL", "Email"]

_SECURITY = ("starttls", "tls", "none")


@dataclass(frozen=True, kw_only=True)
class Email:
    """Sends each notice as a plain text e-mail; the notice's key is in the ``Message-ID``, by which mail programs show it once.

    Parameters
    ----------
    to, sender
        Addresses of the receivers and of the sender.
    host, port
        The SMTP server.
    security
        ``"starttls"``, ``"tls"``, or ``"none"`` for a server on the same machine or network.
    user, password
        User name, and where its password is found: the name of an environment variable, or ``{{secrets/scope/key}}``.
    timeout_s
        Seconds to wait for the server.

    Examples
    --------
    >>> sender = {"sender": "monitor@example.com", "host": "smtp.example.com", "user": "monitor", "password": "SMTP_PASSWORD"}
    >>> Email(to=["ann@example.com"], **sender).name
    'email ann@example.com via smtp.example.com:587'
    >>> Email(to=[], **sender)
    Traceback (most recent call last):
    headwater.lakehouse.errors.InvalidInputError: An e-mail channel needs the addresses of receivers and sender, found to=(), ...
    """

    kind: ClassVar[str] = "email"

    to: Sequence[str]
    sender: str
    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "to", (self.to,) if isinstance(self.to, str) else tuple(self.to))
        addresses = [*self.to, self.sender]
        if not self.to or any("@" not in one or any(c in one for c in "\r\n,") for one in addresses):
            raise InvalidInputError(
                f"An e-mail channel needs the addresses of receivers and sender, found to={self.to}, sender={self.sender!r}."
            )
        if self.security not in _SECURITY:
            raise InvalidInputError(
                f"An e-mail channel has security={self.security!r}. {known(self.security, _SECURITY)}"
            )
        if (self.user is None) != (self.password is None):
            raise InvalidInputError("An e-mail channel needs a user and a password, or neither.")
        if self.password is not None:
            check_reference("The password of an e-mail channel", self.password)

    @property
    def name(self) -> str:
        """Kind, receivers and server."""
        return f"{self.kind} {', '.join(self.to)} via {self.host}:{self.port}"

    def send(self, notice: Notice) -> None:
        """Hand the e-mail to the server; DeliveryError if that is not reached, or refuses it or one of the receivers."""
        try:
            with self._server() as server:
                if self.user is not None and self.password is not None:
                    server.login(self.user, secret_of(self.password))
                refused = server.send_message(self._mail(notice))
        except SecretNotSetError as error:
            raise DeliveryError(self.name, notice.key, str(error)) from error
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(self.name, notice.key, f"the server answered with code {error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            reason = f"the server cannot be reached or does not take it ({type(error).__name__})"
            raise DeliveryError(self.name, notice.key, reason) from None
        if refused:
            raise DeliveryError(self.name, notice.key, f"the server refused {', '.join(sorted(refused))}")

    def _server(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=ssl.create_default_context())
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        if self.security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    def _mail(self, notice: Notice) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = " ".join(notice.title.split())
        mail["From"], mail["To"] = self.sender, ", ".join(self.to)
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{notice.key}@{self.sender.rpartition('@')[2]}>"
        mail["X-Idempotency-Key"] = notice.key
        since = f"Since {notice.since:%Y-%m-%d %H:%M} UTC. " if notice.since else ""
        mail.set_content(
            f"{notice.message}\n\n{notice.advice}\n\n{since}Incident {notice.incident_id} ({notice.state}).\n"
        )
        return mail


CHANNEL = Email
