"""What can go wrong, as one tree.

::

    HeadwaterError
    ├── MachineError                 the machine lacks something (Java, Delta's jars)
    │   ├── JavaNotFoundError
    │   ├── JarsNotFoundError
    │   └── CatalogUnavailableError
    ├── TableError
    │   ├── TableNotFoundError
    │   ├── TableExistsError
    │   └── DamagedTableError
    ├── InvalidInputError            also a ValueError: an argument or a column is wrong
    │   ├── InvalidNameError
    │   ├── MissingColumnsError
    │   ├── ColumnTypeError
    │   ├── NullKeysError
    │   └── DuplicateKeysError
    ├── RowLimitError                too many rows for one machine
    └── WorkspaceOnlyError           needs what only a Databricks workspace has

Facts are in the arguments, so that an error crosses a Spark worker by pickle; the sentence is made in ``__str__``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "CatalogUnavailableError",
    "ColumnTypeError",
    "DamagedTableError",
    "DuplicateKeysError",
    "HeadwaterError",
    "InvalidInputError",
    "InvalidNameError",
    "JarsNotFoundError",
    "JavaNotFoundError",
    "MachineError",
    "MissingColumnsError",
    "NullKeysError",
    "RowLimitError",
    "TableError",
    "TableExistsError",
    "TableNotFoundError",
    "WorkspaceOnlyError",
    "known",
]


def known(wanted: str, names: Iterable[str], most: int = 12) -> str:
    """Return a sentence about the names there are, the likely one first.

    Examples
    --------
    >>> known("amont", ["amount", "city"])
    "Did you mean 'amount'? Known: amount, city."
    >>> known("x", [])
    'There are none.'
    """
    from difflib import get_close_matches

    names = sorted(names)
    if not names:
        return "There are none."
    close = get_close_matches(wanted, names, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{hint}Known: {', '.join(names[:most])}{rest}."


class HeadwaterError(Exception):
    """The root of every error that Headwater raises on purpose."""


class MachineError(HeadwaterError):
    """The machine lacks something that Headwater stands on."""


class JavaNotFoundError(MachineError):
    """No Java of at least version 17 was found, and none could be fetched."""

    def __init__(self, found: str, reason: str) -> None:
        super().__init__(found, reason)
        self.found, self.reason = found, reason

    def __str__(self) -> str:
        return (
            f"Spark needs Java 17 or newer, found {self.found}, and none could be fetched ({self.reason}): "
            "install one (Debian: `apt-get install openjdk-17-jre-headless`; macOS: `brew install openjdk@17`) "
            "or set JAVA_HOME."
        )


class JarsNotFoundError(MachineError):
    """Delta's jars are not on this machine and could not be fetched."""

    def __init__(self, coordinates: Sequence[str], folder: str, reason: str) -> None:
        super().__init__(list(coordinates), folder, reason)
        self.coordinates, self.folder, self.reason = list(coordinates), folder, reason

    def __str__(self) -> str:
        return (
            f"Delta Lake's jars ({', '.join(self.coordinates)}) are not in {self.folder} and could not be "
            f"fetched from Maven Central: {self.reason}. "
            "Run `headwater setup` where the network reaches it, or copy the jars there."
        )


class CatalogUnavailableError(MachineError):
    """A catalog other than ``main`` cannot be kept apart from the others with this Spark."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return (
            f"The catalog {self.name} cannot be used: the classes that keep catalogs apart do not load ({self.reason}). main is "
            f"the only catalog then. Use the versions of pyspark and delta-spark that Headwater is made for, or name tables of "
            "main, and give each store a HEADWATER_HOME of its own."
        )


class TableError(HeadwaterError):
    """Something about one table."""


class TableNotFoundError(TableError):
    """There is no such table."""

    def __init__(
        self, name: str, tables: Sequence[str], elsewhere: Sequence[str] = (), damaged: Sequence[str] = ()
    ) -> None:
        super().__init__(name, list(tables), list(elsewhere), list(damaged))
        self.name, self.tables = name, list(tables)
        self.elsewhere, self.damaged = list(elsewhere), list(damaged)

    def __str__(self) -> str:
        other = f"Another catalog has {', '.join(self.elsewhere)}. " if self.elsewhere else ""
        damaged = f" Damaged, see `headwater doctor`: {', '.join(self.damaged)}." if self.damaged else ""
        return f"There is no table {self.name}. {other}{known(self.name, self.tables)}{damaged}"


class TableExistsError(TableError):
    """The table is there already."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"The table {self.name} exists already: choose another name, or drop it first."


class DamagedTableError(TableError):
    """The table's folder is there, but no table can be read from it; other tables are not concerned."""

    def __init__(self, name: str, folder: str, reason: str) -> None:
        super().__init__(name, folder, reason)
        self.name, self.folder, self.reason = name, folder, reason

    def __str__(self) -> str:
        return (
            f"The table {self.name} is damaged: {self.reason} ({self.folder}). Other tables work. Put the folder back from a "
            "copy, or run `headwater doctor --set-aside`, which moves it out of the way, and create the table again."
        )


class InvalidInputError(HeadwaterError, ValueError):
    """An argument, a column or a definition cannot be used as it is."""


class InvalidNameError(InvalidInputError):
    """A name has the wrong form."""

    def __init__(self, kind: str, name: str, form: str) -> None:
        super().__init__(kind, name, form)
        self.kind, self.name, self.form = kind, name, form

    def __str__(self) -> str:
        return f"{self.name!r} is not a {self.kind}: write it as {self.form}."


class MissingColumnsError(InvalidInputError):
    """Columns that are needed are not there."""

    def __init__(self, missing: Sequence[str], where: str, columns: Sequence[str], why: str = "") -> None:
        super().__init__(list(missing), where, list(columns), why)
        self.missing, self.where, self.columns, self.why = list(missing), where, list(columns), why

    def __str__(self) -> str:
        names = ", ".join(repr(c) for c in self.missing)
        verb = "is" if len(self.missing) == 1 else "are"
        why = f" ({self.why})" if self.why else ""
        return f"{names} {verb} not in {self.where}{why}. {known(self.missing[0], self.columns)}"


class ColumnTypeError(InvalidInputError):
    """Columns have other types than they must have."""

    def __init__(self, where: str, wrong: Mapping[str, tuple[str, str]], remedy: str = "") -> None:
        super().__init__(where, dict(wrong), remedy)
        self.where, self.wrong, self.remedy = where, dict(wrong), remedy

    def __str__(self) -> str:
        facts = "; ".join(f"{c!r} is {found}, must be {wanted}" for c, (found, wanted) in self.wrong.items())
        zoneless = [column for column, (found, _) in self.wrong.items() if found == "timestamp_ntz"]
        hint = zone_hint(zoneless) or self.remedy or "Cast them: df.withColumn(name, col(name).cast(type))."
        return f"Wrong types in {self.where}: {facts}. {hint}"


def zone_hint(columns: Sequence[str]) -> str:
    """Return the sentence that says how columns of TIMESTAMP_NTZ become TIMESTAMP; nothing without columns.

    Examples
    --------
    >>> zone_hint(["ts"])
    "Cast it: df.withColumn('ts', col('ts').cast('timestamp')) takes its times as those of the session's time zone (UTC)."
    """
    if not columns:
        return ""
    name = columns[0]
    cast = f"df.withColumn({name!r}, col({name!r}).cast('timestamp'))"
    return f"Cast it: {cast} takes its times as those of the session's time zone (UTC)."


class NullKeysError(InvalidInputError):
    """Rows have no key."""

    def __init__(self, where: str, counts: Mapping[str, int]) -> None:
        super().__init__(where, dict(counts))
        self.where, self.counts = where, dict(counts)

    def __str__(self) -> str:
        facts = ", ".join(f"{n} in {c!r}" for c, n in self.counts.items())
        return f"{self.where} has NULL keys: {facts}. Nothing was written; filter them out or give them a value."


class DuplicateKeysError(InvalidInputError):
    """Several rows share one key."""

    def __init__(self, where: str, keys: Sequence[str], examples: Sequence[str], count: int) -> None:
        super().__init__(where, list(keys), list(examples), count)
        self.where, self.keys, self.examples, self.count = where, list(keys), list(examples), count

    def __str__(self) -> str:
        return (
            f"{self.where} has {self.count} keys ({', '.join(self.keys)}) with more than one row, "
            f"for example {'; '.join(self.examples)}. Nothing was written; keep one row per key."
        )


class RowLimitError(HeadwaterError):
    """More rows than one machine's memory is meant to take."""

    def __init__(self, what: str, rows: int, limit: int, setting: str) -> None:
        super().__init__(what, rows, limit, setting)
        self.what, self.rows, self.limit, self.setting = what, rows, limit, setting

    def __str__(self) -> str:
        return (
            f"{self.what} has {self.rows:,} rows, over the limit of {self.limit:,} for one machine. "
            f"Sample it, use Spark's MLlib, or raise the limit ({self.setting})."
        )


class WorkspaceOnlyError(HeadwaterError):
    """A call that means something in a Databricks workspace alone."""

    def __init__(self, call: str, reason: str, way_out: str) -> None:
        super().__init__(call, reason, way_out)
        self.call, self.reason, self.way_out = call, reason, way_out

    def __str__(self) -> str:
        return f"{self.call} does nothing outside a Databricks workspace: {self.reason}. {self.way_out}"
