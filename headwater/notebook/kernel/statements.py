"""SQL text: split into statements, and joined with the values of widgets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from headwater.lakehouse.sql_tokens import blanked, without_comments

__all__ = ["CreateWidget", "RemoveWidget", "Statement", "fill_in", "markers", "split_statements", "widget_statement"]

_SCRIPT = re.compile(r"(?:\w+\s*:\s*)?BEGIN\b(?!\s+(?:TRAN|WORK))", re.IGNORECASE)
_CREATE = re.compile(
    r"CREATE\s+WIDGET\s+(TEXT|DROPDOWN|COMBOBOX|MULTISELECT)\s+(`[^`]+`|[\w-]+)\s+DEFAULT\s+"
    r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s;]+)""",
    re.IGNORECASE,
)
_REMOVE = re.compile(r"REMOVE\s+WIDGET\s+(`[^`]+`|[\w-]+)", re.IGNORECASE)
_MARKER = re.compile(r"(?<![\w:\])}])\s*:([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Statement:
    """One statement, and how many lines above it its cell has."""

    text: str
    line: int


@dataclass(frozen=True)
class CreateWidget:
    """``CREATE WIDGET DROPDOWN name DEFAULT "value" CHOICES …``; choices are not looked at."""

    kind: str
    name: str
    default: str


@dataclass(frozen=True)
class RemoveWidget:
    """``REMOVE WIDGET name``."""

    name: str


def split_statements(text: str) -> list[Statement]:
    r"""Return the statements between semicolons that stand outside strings, comments and ``BEGIN … END``.

    Pieces with nothing but comments fall away, and comments before a statement.

    Examples
    --------
    >>> [one.text for one in split_statements("SELECT ';' -- a; b\n; SELECT 2;")]
    ["SELECT ';' -- a; b", 'SELECT 2']
    """
    statements: list[Statement] = []
    start = 0
    whole = blanked(text)
    for semicolon in [*(i for i, letter in enumerate(whole) if letter == ";"), len(text)]:
        end = semicolon
        if end < start:
            continue
        loud = whole[start:end]
        bare = loud.strip()
        if _SCRIPT.match(bare):
            end = len(text.rstrip().removesuffix(";"))
        piece = text[start:end]
        if bare:
            # Without the comments before it: an error then names the statement's own first line.
            lead = len(loud) - len(loud.lstrip())
            statements.append(Statement(piece[lead:].strip(), text[: start + lead].count("\n")))
        start = end + 1
    return statements


def markers(text: str) -> set[str]:
    """Return the names of the parameter markers in a statement.

    Examples
    --------
    >>> sorted(markers("SELECT * FROM IDENTIFIER(:t) WHERE x > :low AND y = ':no' AND z::int = 1"))
    ['low', 't']
    """
    return set(_MARKER.findall(blanked(text)))


def fill_in(text: str, values: Mapping[str, str]) -> str:
    r"""Return the statement with ``${name}``, ``$name`` and ``getArgument("name")`` of known names replaced by values.

    The first two become the text as it is, also inside quotes; the function becomes a string. ``\$`` is a plain dollar.

    Examples
    --------
    >>> fill_in("SELECT '${a}', $b, getArgument('a'), ${other}", {"a": "x", "b": "1"})
    "SELECT 'x', 1, 'x', ${other}"
    """

    def argument(match: re.Match[str]) -> str:
        value = values.get(match[2])
        return match[0] if value is None else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def plain(match: re.Match[str]) -> str:
        return values.get(match[1] or match[2], match[0])

    text = re.sub(r"""\bgetArgument\(\s*(["'])([^"']+)\1\s*\)""", argument, text, flags=re.IGNORECASE)
    return re.sub(r"(?<!\\)\$(?:\{\s*(\w[\w.-]*)\s*\}|([A-Za-z_]\w*))", plain, text).replace("\\$", "$")


def widget_statement(text: str) -> CreateWidget | RemoveWidget | None:
    """Return what a statement about a widget says, or None for another statement.

    Examples
    --------
    >>> widget_statement('CREATE WIDGET TEXT day DEFAULT "2024-01-01"')
    CreateWidget(kind='text', name='day', default='2024-01-01')
    """
    bare = without_comments(text).strip()
    if made := _CREATE.match(bare):
        default = made[3]
        return CreateWidget(made[1].lower(), made[2].strip("`"), default[1:-1] if default[0] in "\"'" else default)
    if gone := _REMOVE.match(bare):
        return RemoveWidget(gone[1].strip("`"))
    return None
