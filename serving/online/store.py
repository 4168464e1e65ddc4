"""What an online store is: packed rows by key, replaced as a whole or changed all at once, with the position of the publish.

A new store is a file here with a class of these methods; tests/serving/online/suite.py holds every store to one suite.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from headwater.lakehouse import HeadwaterError
from headwater.serving.online.packing import Key

__all__ = ["Columns", "OnlineStore", "OnlineTable", "PositionMovedError", "Rows", "StoreUnavailableError"]

Columns: TypeAlias = tuple[tuple[str, str], ...]  # pairs of name and SQL type
Rows: TypeAlias = Sequence[tuple[Key, bytes | None]]  # None: the key has no row any more


@dataclass(frozen=True)
class OnlineTable:
    """A published table: where its rows come from, and their form. It is kept beside the rows, and changes with them.

    Attributes
    ----------
    name, source, source_id
        Full names of the online and the feature table, and the id that the feature table had.
    keys, features
        Names and SQL types: what rows are looked up by, and what a packed row holds after its time.
    time
        Time key of the feature table, whose newest row of each key is published; empty without one.
    mode
        ``SNAPSHOT``, ``TRIGGERED`` or ``CONTINUOUS``.
    version
        Delta version of the feature table that the rows are of.
    created, published
        When the online table was made, and when these rows were published: milliseconds since 1970 UTC.
    ttl
        Seconds after its time from which a row counts as missing; None: never.
    """

    name: str
    source: str
    source_id: str
    keys: Columns
    features: Columns
    time: str
    mode: str
    version: int
    created: int
    published: int
    ttl: float | None = None

    @classmethod
    def of(cls, data: dict[str, Any]) -> OnlineTable:
        """Return the table that ``dataclasses.asdict`` made data of."""
        columns = {name: tuple((one, kind) for one, kind in data[name]) for name in ("keys", "features")}
        return cls(**{**data, **columns})


@dataclass(frozen=True)
class Found:
    """What was read: the table as it was published then, and a packed row or None for each key asked for."""

    table: OnlineTable
    rows: list[bytes | None] = field(default_factory=list)


class OnlineStore(Protocol):
    """Packed rows by key. A reader sees the rows of one publish, never of half a one; all calls may come from any thread."""

    def tables(self) -> list[OnlineTable]:
        """Return all online tables, the oldest first."""
        ...

    def table(self, name: str) -> OnlineTable | None:
        """Return an online table as it is published now, or None."""
        ...

    def read(self, name: str, keys: Sequence[Key | None]) -> Found | None:
        """Return the rows of keys, all of one publish; None for a key that is None or has no row.

        None instead of rows if the table is not there.
        """
        ...

    def replace(self, table: OnlineTable, rows: Iterable[Rows]) -> None:
        """Publish `rows` (in batches, each key once) in place of all that the table had.

        Readers see the old rows until the end.
        """
        ...

    def update(self, table: OnlineTable, expected: int, rows: Iterable[Rows]) -> None:
        """Change the rows of some keys and the table's position, all or nothing.

        Raises PositionMovedError, and changes nothing, if the table is not at version `expected` any more.
        """
        ...

    def drop(self, name: str) -> None:
        """Remove an online table, if it is there."""
        ...


class PositionMovedError(HeadwaterError):
    """Another publish came first."""

    def __init__(self, name: str, expected: int, found: int | None) -> None:
        super().__init__(name, expected, found)
        self.name, self.expected, self.found = name, expected, found

    def __str__(self) -> str:
        return (
            f"The online table {self.name} was at version {self.expected} of its source when this publish began and is at "
            f"{self.found} now: another publish came first. Publish again."
        )


class StoreUnavailableError(HeadwaterError):
    """The store cannot be read or written now."""

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(store, reason)
        self.store, self.reason = store, reason

    def __str__(self) -> str:
        return f"The online store {self.store} does not answer ({self.reason}): see that it runs, is reachable and is not full."
