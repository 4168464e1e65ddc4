"""Bearer tokens and what each may do. They come from the environment alone, ``HEADWATER_SERVING_TOKENS``."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping

from headwater.lakehouse import InvalidInputError

__all__ = ["VARIABLE", "Tokens"]

VARIABLE = "HEADWATER_SERVING_TOKENS"
_SCOPES = ("query", "read", "metrics")


class Tokens:
    """Tokens by their SHA-256; the texts are not kept.

    ``HEADWATER_SERVING_TOKENS="abc; def query:flights-late metrics"``: tokens are parted by semicolons, each with its scopes
    after it. ``query`` asks every endpoint, ``query:NAME`` one, ``read`` describes endpoints, ``metrics`` reads metrics; a token
    without scopes may do all of it.

    Examples
    --------
    >>> tokens = Tokens("abc; def query:late metrics")
    >>> tokens.allow("Bearer abc", "read"), tokens.allow("Bearer def", "query:late"), tokens.allow("Bearer def", "query:x")
    (True, True, False)
    >>> tokens.allow("Bearer nobody's", "read") is None
    True
    """

    def __init__(self, text: str) -> None:
        self._scopes: dict[bytes, frozenset[str]] = {}
        for one in filter(None, (part.split() for part in text.split(";"))):
            odd = [scope for scope in one[1:] if scope.split(":", 1)[0] not in _SCOPES]
            if odd:
                raise InvalidInputError(
                    f"{VARIABLE}: the scope {odd[0]!r} is unknown. Known: {', '.join(_SCOPES)}, query:NAME."
                )
            self._scopes[_digest(one[0])] = frozenset(one[1:] or _SCOPES)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] | None = None) -> Tokens:
        """Return the tokens that the environment names; none if it names none."""
        return cls((os.environ if environment is None else environment).get(VARIABLE, ""))

    def __bool__(self) -> bool:
        return bool(self._scopes)

    def allow(self, header: str | None, scope: str) -> bool | None:
        """Say whether a request with this ``Authorization`` may do this; None if the token is unknown.

        Takes equal time for all tokens.
        """
        given = _digest(header[7:].strip() if header and header[:7].lower() == "bearer " else "")
        scopes: frozenset[str] | None = None
        for digest, known in self._scopes.items():
            if hmac.compare_digest(digest, given):
                scopes = known
        if scopes is None:
            return None
        return scope in scopes or scope.split(":", 1)[0] in scopes


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
