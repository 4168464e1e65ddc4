"""SQL text as tokens: the one place that knows strings, quoted names, comments and ``$$`` bodies.

The tokens are those of sqlglot's Databricks dialect, which is loaded with the first text. Each remembers where it stands,
so that a user's text can have pieces cut out or put in, and is never written anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

__all__ = ["Token", "after_comments", "blanked", "split", "tokens", "without_comments"]

_QUOTED = frozenset({"STRING", "RAW_STRING", "IDENTIFIER", "UNCLOSED", "UNCLOSED_COMMENT"})
_ENDS = ("'", '"', "`", "$$", "*/")


@dataclass(frozen=True)
class Token:
    """One token: its kind, its value without quotes, its first and last character's place in the text (inclusive).

    The kind is sqlglot's, or UNCLOSED for a string or a quoted name without an end, or UNCLOSED_COMMENT: these two take the
    rest of the text.
    """

    kind: str
    value: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The token in capitals, or nothing for a quoted one."""
        return "" if self.kind in _QUOTED else self.value.upper()

    @property
    def has_end(self) -> bool:
        """Whether what begins here ends within the text."""
        return self.kind not in {"UNCLOSED", "UNCLOSED_COMMENT"}


def tokens(text: str) -> tuple[Token, ...]:
    """Return the tokens of a text, without comments and hints.

    Examples
    --------
    >>> [token.value for token in tokens("DROP CATALOG `my-c` -- gone")]
    ['DROP', 'CATALOG', 'my-c']
    >>> [(token.kind, token.value) for token in tokens("SELECT 'no end; ")][1:]
    [('UNCLOSED', "'no end; ")]
    """
    from sqlglot.errors import TokenError

    for end in ("", *_ENDS):
        try:
            found = [token for token in _tokenizer().tokenize(text + end) if token.token_type.name != "HINT"]
        except TokenError:
            continue
        return tuple(_own(found, text, end))
    return (Token("UNCLOSED", text, 0, len(text) - 1),)  # no text of SQL at all


def blanked(text: str) -> str:
    """Return a text of the same length in which comments are blanks, and what is quoted an underscore and blanks.

    Examples
    --------
    >>> blanked("SELECT 'a;b' -- c")
    'SELECT _         '
    """
    letters = [" "] * len(text)
    for token in tokens(text):
        if token.kind in _QUOTED:
            letters[token.start] = " " if token.kind == "UNCLOSED_COMMENT" else "_"
        else:
            letters[token.start : token.end + 1] = text[token.start : token.end + 1]
    return "".join(letters)


def without_comments(text: str) -> str:
    """Return a text with a blank for each comment.

    Examples
    --------
    >>> without_comments("DELETE /* all */ FROM 'a -- b' -- c")
    "DELETE FROM 'a -- b' "
    """
    parts, at = [], 0
    for token in tokens(text):
        parts.append(_blank(text[at : token.start]))
        if token.kind != "UNCLOSED_COMMENT":
            parts.append(text[token.start : token.end + 1])
        at = token.end + 1
    return "".join([*parts, _blank(text[at:])])


def split(text: str, separator: str) -> list[str]:
    """Return the pieces between the separators that stand outside brackets, quotes and comments, without blanks around.

    Examples
    --------
    >>> split("*, nvl(a, 0) AS b, 'c, d' AS e -- f, g", ",")
    ['*', 'nvl(a, 0) AS b', "'c, d' AS e -- f, g"]
    """
    parts, depth, start = [], 0, 0
    for token in tokens(text):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.word, 0)
        if token.word == separator and depth == 0:
            parts.append(text[start : token.start])
            start = token.end + 1
    return [part.strip() for part in [*parts, text[start:]]]


def after_comments(text: str) -> str:
    r"""Return the text from its first word on; sqlglot is not loaded for it.

    Examples
    --------
    >>> after_comments("-- why\n /* and */ SELECT 1 -- c")
    'SELECT 1 -- c'
    """
    text = text.lstrip()
    while text.startswith(("--", "/*")):
        _, _, text = text.partition("\n" if text.startswith("--") else "*/")
        text = text.lstrip()
    return text


@cache
def _tokenizer() -> Any:
    from sqlglot.dialects.databricks import Databricks

    class Dialect(Databricks):
        class Tokenizer(Databricks.Tokenizer):
            BIT_STRINGS: ClassVar[list[Any]] = []  # a prefix and a string are two tokens, whatever is in the string
            COMMANDS: ClassVar[set[Any]] = set()  # sqlglot reads some statements as one opaque string
            HEX_STRINGS: ClassVar[list[Any]] = []
            RAW_STRINGS: ClassVar[list[Any]] = [
                *Databricks.Tokenizer.RAW_STRINGS,
                ("$$", "$$"),
            ]  # a Python function's body

    return Dialect()


def _own(found: list[Any], text: str, end: str) -> Iterator[Token]:
    """Give our tokens for sqlglot's of a text, to which the end that it lacks was added."""
    closed = [token for token in found if token.end < len(text)]
    for token in closed:
        yield from _words(token, text)
    if end:
        behind = closed[-1].end + 1 if closed else 0
        start = len(text) - len(text[behind:].lstrip()) if end == "*/" else found[-1].start
        yield Token("UNCLOSED_COMMENT" if end == "*/" else "UNCLOSED", text[start:], start, len(text) - 1)


def _words(token: Any, text: str) -> list[Token]:
    """Split keywords of several words, which sqlglot reads as one token."""
    kind, shown = token.token_type.name, text[token.start : token.end + 1]
    if kind in _QUOTED or len(shown.split()) < 2:
        return [Token(kind, token.text, token.start, token.end)]
    found, at = [], token.start
    for word in shown.split():
        at = text.index(word, at)
        found.append(Token("VAR", word, at, at + len(word) - 1))
        at += len(word)
    return found


def _blank(gap: str) -> str:
    """Return what stands for the characters between two tokens: one blank if a comment is among them."""
    return " " if gap.strip() else gap
