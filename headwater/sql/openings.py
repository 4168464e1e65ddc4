"""The leading words of statements: which form a text has, and what is missing from one that is nearly right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from headwater.sql.cursor import Cursor, Name, NotOursError

__all__ = ["NAME", "Opening", "longest", "openings"]

NAME = "…"
_OURS = "!"


@dataclass(frozen=True)
class Opening:
    """Leading words, with ``…`` for names.

    Attributes
    ----------
    ours_after
        The number of words after which no statement of Spark's can follow; None if one can follow all of them.
    """

    words: tuple[str, ...]
    ours_after: int | None = None

    @property
    def head(self) -> tuple[str, ...]:
        """The words before the first name."""
        return self.words[: self.words.index(NAME)] if NAME in self.words else self.words

    def read(self, cursor: Cursor) -> tuple[int, tuple[Name, ...]]:
        """Step over the opening from the first token on; return the number of words that were there, and the names."""
        cursor.at, names = 0, []
        for i, word in enumerate(self.words):
            if word == NAME:
                try:
                    names.append(cursor.name())
                except NotOursError:
                    return i, ()
            elif not cursor.take(word):
                return i, ()
        return len(self.words), tuple(names)

    def expected(self, at: int) -> str:
        """Return the words up to the next name, from a word on."""
        rest = self.words[at:]
        return "a name" if rest[0] == NAME else " ".join(rest[: rest.index(NAME)] if NAME in rest else rest)


def openings(pattern: str) -> Iterator[Opening]:
    """Give the openings that a pattern of :class:`headwater.sql.registry.Form` stands for.

    Examples
    --------
    >>> [opening.words for opening in openings("ALTER TABLE|VIEW … SET TAGS !")]
    [('ALTER', 'TABLE', '…', 'SET', 'TAGS'), ('ALTER', 'VIEW', '…', 'SET', 'TAGS')]
    """
    parts = pattern.split()
    ours_after = parts.index(_OURS) if _OURS in parts else None
    for words in product(*(part.split("|") for part in parts if part != _OURS)):
        yield Opening(words, ours_after)


def longest(cursor: Cursor, candidates: Iterable[Opening]) -> Opening | None:
    """Return the opening with the most words that the statement has, and leave the cursor behind it.

    Raises
    ------
    SqlSyntaxError
        The statement has none of the openings, and begins as no statement of Spark's does.
    """
    misses: list[tuple[int, str]] = []
    for opening in sorted(candidates, key=lambda each: len(each.words), reverse=True):
        count, names = opening.read(cursor)
        if count == len(opening.words):
            cursor.opening, cursor.named, cursor.ours = opening.words, names, opening.ours_after is not None
            return opening
        if opening.ours_after is not None and count >= opening.ours_after:
            misses.append((cursor.at, opening.expected(count)))
    if misses:
        cursor.at, cursor.ours = max(place for place, _ in misses), True
        *most, last = sorted({words for place, words in misses if place == cursor.at})
        raise cursor.wrong(f"{', '.join(most)} or {last}" if most else last)
    return None
