"""What can be wrong with a statement."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.lakehouse import HeadwaterError, InvalidInputError, known

__all__ = ["NotFoundError", "SqlSyntaxError", "TakenError"]


class SqlSyntaxError(InvalidInputError):
    """A statement of Databricks' SQL is not written as it must be."""

    def __init__(self, text: str, expected: str, found: str, place: int) -> None:
        super().__init__(text, expected, found, place)
        self.text, self.expected, self.found, self.place = text, expected, found, place

    def __str__(self) -> str:
        line = self.text.count("\n", 0, self.place) + 1
        column = self.place - (self.text.rfind("\n", 0, self.place) + 1) + 1
        shown = self.text.splitlines()[line - 1] if self.text else ""
        return (
            f"Expected {self.expected}, found {self.found!r} in line {line}, column {column}:\n"
            f"{shown}\n{' ' * (column - 1)}^"
        )


class NotFoundError(InvalidInputError):
    """There is no catalog, schema, volume, function or constraint of this name."""

    def __init__(self, kind: str, name: str, names: Sequence[str], todo: str = "") -> None:
        super().__init__(kind, name, list(names), todo)
        self.kind, self.name, self.names, self.todo = kind, name, list(names), todo

    def __str__(self) -> str:
        return (
            f"There is no {self.kind} {self.name}. {known(self.name, self.names)}{' ' + self.todo if self.todo else ''}"
        )


class TakenError(HeadwaterError):
    """The catalog, volume, function or constraint is there already."""

    def __init__(self, kind: str, name: str, todo: str) -> None:
        super().__init__(kind, name, todo)
        self.kind, self.name, self.todo = kind, name, todo

    def __str__(self) -> str:
        return f"The {self.kind} {self.name} exists already: {self.todo}."
