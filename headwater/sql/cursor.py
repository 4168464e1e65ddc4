"""A place in a statement's tokens: what the grammar reads with.

Each token (:mod:`headwater.lakehouse.sql_tokens`) remembers where it stands, so that a statement that goes on to Spark is
the user's own text with pieces cut out or put in, never text written anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.lakehouse.sql_tokens import Token, tokens
from headwater.sql.errors import SqlSyntaxError

__all__ = ["Cursor", "Edit", "Name", "NotOursError", "edited"]

Name = tuple[str, ...]


class NotOursError(Exception):
    """Spark's own parser is to read this statement, and to complain if it cannot."""


@dataclass(frozen=True, order=True)
class Edit:
    """Put `text` in place of the characters from `start` to `end` (exclusive)."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with the edits made; they must not overlap.

    Examples
    --------
    >>> edited("a b c", [Edit(4, 5, "d"), Edit(1, 3, "")])
    'a d'
    """
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


class Cursor:
    """Reads tokens one after the other.

    Parameters
    ----------
    text
        One statement.
    args
        The parameters given with it, for names written as ``IDENTIFIER(:p)``.

    Attributes
    ----------
    opening, named
        The leading words by which the statement's form was told, and the names among them.
    ours
        Whether it is clear that Spark has no such statement.
    """

    def __init__(self, text: str, args: Any = None) -> None:
        self.text = text
        self.tokens = tokens(text)
        if not all(token.has_end for token in self.tokens[-1:]):
            raise NotOursError
        self._args: Mapping[str, Any] = args if isinstance(args, Mapping) else {}
        self.at = 0
        self.ours = False
        self.opening: tuple[str, ...] = ()
        self.named: tuple[Name, ...] = ()

    def peek(self, ahead: int = 0) -> Token | None:
        """Return a token that comes, or None past the end."""
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else None

    def word(self, ahead: int = 0) -> str:
        """Return a coming token in capitals; nothing for a quoted one or past the end."""
        token = self.peek(ahead)
        return token.word if token else ""

    def take(self, *words: str) -> bool:
        """Step over these words if they come next, and say whether they did."""
        if any(self.word(i) != word for i, word in enumerate(words)):
            return False
        self.at += len(words)
        return True

    def take_any(self, *words: str) -> str:
        """Step over the one of these words that comes next, and return it, or nothing."""
        found = self.word()
        if found not in words:
            return ""
        self.at += 1
        return found

    def need(self, *words: str) -> None:
        """Step over these words; they must come next."""
        if not self.take(*words):
            raise self.wrong(" ".join(words))

    def next(self) -> Token:
        """Step over one token and return it."""
        token = self.peek()
        if token is None:
            raise self.wrong("more")
        self.at += 1
        return token

    def string(self) -> str:
        """Step over a string literal (adjacent ones are one) and return its value."""
        parts = []
        while (token := self.peek()) and token.kind in {"STRING", "RAW_STRING"}:
            parts.append(token.value)
            self.at += 1
        if not parts:
            raise self.wrong("a text in quotes")
        return "".join(parts)

    def identifier(self) -> str:
        """Step over one name without dots."""
        token = self.peek()
        if token is None or not (token.kind == "IDENTIFIER" or (token.word and _is_name(token.value))):
            raise self.wrong("a name")
        self.at += 1
        return token.value

    def name(self) -> Name:
        """Step over a name of one or more parts, also ``IDENTIFIER('a.b')`` and ``IDENTIFIER(:p)``."""
        if self.word() == "IDENTIFIER" and self.word(1) == "(":
            return self._computed_name()
        parts = [self.identifier()]
        while self.take("."):
            parts.append(self.identifier())
        return tuple(parts)

    def names(self) -> tuple[str, ...]:
        """Step over names without dots in parentheses."""
        self.need("(")
        found = [self.identifier()]
        while self.take(","):
            found.append(self.identifier())
        self.need(")")
        return tuple(found)

    def skip_group(self) -> tuple[int, int]:
        """Step over a group in parentheses; return the places of its first and after its last character."""
        if self.word() != "(":
            raise self.wrong("(")
        start, depth = self.next().start, 1
        while depth:
            token = self.next()
            depth += {"(": 1, ")": -1}.get(token.word, 0)
        return start, self.tokens[self.at - 1].end + 1

    def finish(self) -> None:
        """Require that the statement ends here."""
        while self.take(";"):
            pass
        if self.peek() is not None:
            raise self.wrong("the end of the statement")

    @property
    def here(self) -> int:
        """Place of the coming token's first character, or the end of the text."""
        token = self.peek()
        return token.start if token else len(self.text)

    @property
    def behind(self) -> int:
        """Place after the last character that was stepped over."""
        return self.tokens[self.at - 1].end + 1 if self.at else 0

    def wrong(self, expected: str) -> Exception:
        """Return the error to raise: ours once it is clear that Spark has no such statement, else Spark's turn."""
        if not self.ours:
            return NotOursError()
        token = self.peek()
        return SqlSyntaxError(self.text, expected, token.value if token else "the end", self.here)

    def _computed_name(self) -> Name:
        self.need("IDENTIFIER", "(")
        value = self._args.get(self.identifier()) if self.take(":") else self.string()
        self.need(")")
        if not isinstance(value, str):
            raise NotOursError
        inner = Cursor(value)
        found = inner.name()
        if inner.peek() is not None:
            raise NotOursError
        return found


def _is_name(value: str) -> bool:
    return value.replace("_", "a").isalnum()
