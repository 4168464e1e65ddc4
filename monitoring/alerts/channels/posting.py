"""JSON over HTTP: what channels that post share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from headwater.lakehouse import InvalidInputError
from headwater.monitoring.alerts.channels.secrets import SecretNotSetError, is_reference, secret_of
from headwater.monitoring.definitions.channel import DeliveryError, Notice

__all__ = ["check_url", "post", "receiver_of"]


def check_url(about: str, url: str) -> None:
    """Raise if `url` is neither a reference to a secret nor a URL of HTTP that holds no user and no query."""
    if is_reference(url):
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInputError(
            f"{about} needs a URL that starts with https:// or http://, or the name of the environment variable or secret "
            "that has it; what was given is neither, and is not shown, since it may be a secret."
        )
    if parts.username or parts.password or parts.query:
        raise InvalidInputError(
            f"{about} has a URL of {parts.hostname} with a user, a password or a query, which may be a secret: put the URL "
            "into an environment variable or a secret, and name that here."
        )


def receiver_of(url: str) -> str:
    """Return the receiver in words that hold no secret: the reference, or the host of the URL and a digest of the URL.

    Examples
    --------
    >>> receiver_of("ALERTS_URL"), receiver_of("https://example.com/hooks/s3cr3t")
    ('ALERTS_URL', 'example.com (fd0fffb9)')
    """
    if is_reference(url):
        return url
    return f"{urlsplit(url).hostname} ({hashlib.sha256(url.encode()).hexdigest()[:8]})"


def post(name: str, notice: Notice, url: str, body: Any, token: str | None, timeout_s: float) -> None:
    """Post the body as JSON, with the notice's key as ``Idempotency-Key``; any answer but 2xx raises DeliveryError.

    Parameters
    ----------
    url, token
        The URL, or a reference to a secret that is one; a reference to a bearer token, or None.
    """
    try:
        target = secret_of(url) if is_reference(url) else url
        headers = {"Content-Type": "application/json", "Idempotency-Key": notice.key, "User-Agent": "headwater"}
        headers |= _authorization(token)
        if urlsplit(target).scheme not in ("http", "https"):
            raise DeliveryError(
                name, notice.key, f"{receiver_of(url)} holds no URL that starts with https:// or http://"
            )
        request = Request(target, json.dumps(body).encode(), headers, method="POST")  # noqa: S310 - HTTP alone, see above
        with build_opener(_NoRedirects).open(request, timeout=timeout_s):
            return
    except SecretNotSetError as error:
        raise DeliveryError(name, notice.key, str(error)) from error
    except HTTPError as error:
        error.close()
        raise DeliveryError(name, notice.key, f"it answered with HTTP status {error.code}") from None
    except URLError as error:
        raise DeliveryError(name, notice.key, f"it cannot be reached ({type(error.reason).__name__})") from None
    except (HTTPException, OSError, ValueError) as error:  # whose words may hold the URL
        raise DeliveryError(name, notice.key, f"it cannot be reached ({type(error).__name__})") from None


class _NoRedirects(HTTPRedirectHandler):
    """Follows none: a POST would become a GET, which delivers nothing, and the token would reach another host."""

    def redirect_request(self, *_: Any) -> None:
        """Return no request, so that the redirect is an error."""


def _authorization(token: str | None) -> Mapping[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {secret_of(token)}"}
