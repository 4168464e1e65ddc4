"""``dbutils.secrets``: secrets from environment variables ``HEADWATER_SECRET_<SCOPE>_<KEY>``, blacked out in outputs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from headwater.notebook.errors import SecretNotFoundError
from headwater.notebook.outputs import Recorder

__all__ = ["SecretMetadata", "SecretScope", "Secrets", "secrets_of_environment"]

_PREFIX = "HEADWATER_SECRET_"
# Other variables whose names say that they hold a secret, and how long a value must be to be one: not `true` or a number.
_NAMES = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|(?:ACCESS|API|AUTH|ENCRYPTION|PRIVATE|SECRET)_?KEY)$", re.IGNORECASE
)
_SHORTEST = 8


def secrets_of_environment() -> Iterator[str]:
    """Yield the values of the process's variables that are secrets: those for ``dbutils.secrets``, and by their names.

    Examples
    --------
    >>> os.environ["OUR_API_KEY"] = "hunter2-hunter2"
    >>> "hunter2-hunter2" in secrets_of_environment()
    True
    >>> del os.environ["OUR_API_KEY"]
    """
    for name, value in os.environ.items():
        if name.startswith(_PREFIX) or (_NAMES.search(name) and len(value) >= _SHORTEST):
            yield value


class SecretMetadata(NamedTuple):
    """One secret's name."""

    key: str


class SecretScope(NamedTuple):
    """One scope's name."""

    name: str


class Secrets:
    """Secrets by scope and key; letters count as upper case, and what is neither letter nor digit as an underscore.

    Examples
    --------
    >>> os.environ["HEADWATER_SECRET_MY_SCOPE_API_KEY"] = "hunter2"
    >>> Secrets(Recorder()).get("my-scope", "api_key")
    'hunter2'
    >>> del os.environ["HEADWATER_SECRET_MY_SCOPE_API_KEY"]
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def get(self, scope: str, key: str) -> str:
        """Return a secret.

        Raises
        ------
        SecretNotFoundError
            If its variable is not set; the error names it.
        """
        variable = f"{_PREFIX}{_upper(scope)}_{_upper(key)}"
        value = os.environ.get(variable)
        if value is None:
            raise SecretNotFoundError(scope, key, variable)
        self._recorder.secrets.add(value)
        return value

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802 - their word
        """Return a secret as UTF-8 bytes."""
        return self.get(scope, key).encode()

    def list(self, scope: str) -> list[SecretMetadata]:
        """Return the keys of a scope, as far as the variables tell them, in lower case."""
        prefix = f"{_PREFIX}{_upper(scope)}_"
        return [SecretMetadata(n.removeprefix(prefix).lower()) for n in sorted(os.environ) if n.startswith(prefix)]

    def listScopes(self) -> tuple[SecretScope, ...]:  # noqa: N802 - their word
        """Return the scopes; variables do not tell where a scope's name ends, so that its first word is taken."""
        names = [name.removeprefix(_PREFIX) for name in sorted(os.environ) if name.startswith(_PREFIX)]
        return tuple(SecretScope(name) for name in dict.fromkeys(name.split("_")[0].lower() for name in names))


def _upper(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()
