"""Secrets by reference: where a secret is found, and never the secret, stands in a definition, a table or a message."""

from __future__ import annotations

import os
import re
from typing import Final

from headwater.lakehouse import HeadwaterError, InvalidInputError

__all__ = ["SecretNotSetError", "check_reference", "is_reference", "secret_of"]

_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
_SCOPED: Final = re.compile(r"\{\{\s*secrets/([\w.-]+)/([\w.-]+)\s*\}\}")


class SecretNotSetError(HeadwaterError):
    """No secret is kept at a reference."""

    def __init__(self, reference: str, variable: str) -> None:
        super().__init__(reference, variable)
        self.reference, self.variable = reference, variable

    def __str__(self) -> str:
        return f"the secret {self.reference} is not set: set the environment variable {self.variable} where the monitor runs"


def is_reference(text: str) -> bool:
    """Say whether the text names a secret.

    Examples
    --------
    >>> [is_reference(text) for text in ("SLACK_URL", "{{secrets/alerts/slack}}", "hunter2", "https://example.com")]
    [True, True, False, False]
    """
    return bool(_VARIABLE.fullmatch(text) or _SCOPED.fullmatch(text))


def check_reference(about: str, text: str) -> None:
    """Raise if the text names no secret; the text, which may be one, is not in the error."""
    if not is_reference(text):
        raise InvalidInputError(
            f"{about} takes the name of an environment variable in capitals, such as ALERTS_TOKEN, or a secret of a scope, "
            "{{secrets/scope/key}}; what was given is neither, and is not shown, since it may be the secret itself."
        )


def secret_of(reference: str) -> str:
    """Return the secret that a reference names: an environment variable's, or one of a scope.

    The variable of a scope's secret is that of ``dbutils.secrets``: ``HEADWATER_SECRET_<SCOPE>_<KEY>``.

    Raises
    ------
    SecretNotSetError
        The variable is not set.

    Examples
    --------
    >>> os.environ["HEADWATER_SECRET_ALERTS_SLACK_URL"] = "hunter2"
    >>> secret_of("{{secrets/alerts/slack-url}}")
    'hunter2'
    >>> del os.environ["HEADWATER_SECRET_ALERTS_SLACK_URL"]
    """
    scoped = _SCOPED.fullmatch(reference)
    variable = reference
    if scoped:
        scope, key = (re.sub(r"\W", "_", part).upper() for part in scoped.groups())
        variable = f"HEADWATER_SECRET_{scope}_{key}"
    value = os.environ.get(variable)
    if not value:
        raise SecretNotSetError(reference, variable)
    return value
