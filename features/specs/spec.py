"""The feature spec: what a model must be given, as frozen data that is logged with it.

Training sets, batch scores and online lookups evaluate the same spec; a spec written to YAML and read again is equal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from headwater.features.definitions.feature import Feature
from headwater.features.definitions.lookups import as_names
from headwater.features.definitions.serialization import feature_from_dict, feature_to_dict
from headwater.features.functions.python_function import CatalogFunction
from headwater.lakehouse import InvalidInputError

__all__ = ["DeclaredStep", "FeatureSpec", "FunctionStep", "LookupStep", "SpecColumn"]

_FORMAT = 1


@dataclass(frozen=True)
class SpecColumn:
    """A column: its name and its SQL type."""

    name: str
    type: str


@dataclass(frozen=True)
class LookupStep:
    """A lookup in one feature table.

    Attributes
    ----------
    table, table_id, table_version
        The table, its id and its Delta version when the training set was made.
    keys
        Pairs: column of the spine, primary key of the table.
    time
        Column of the spine and time key of the table, or None for a table without one.
    lookback
        Oldest age, inclusive.
    features
        Triples: feature of the table, output name, SQL type.
    defaults
        By output name.
    """

    table: str
    table_id: str
    table_version: int
    keys: tuple[tuple[str, str], ...]
    time: tuple[str, str] | None
    lookback: dt.timedelta | None
    features: tuple[tuple[str, str, str], ...]
    defaults: Mapping[str, Any]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns that must be there before."""
        return tuple(key for key, _ in self.keys) + ((self.time[0],) if self.time else ())

    @property
    def outputs(self) -> tuple[str, ...]:
        """Columns that it adds."""
        return tuple(output for _, output, _ in self.features)


@dataclass(frozen=True)
class FunctionStep:
    """A function of columns: pairs of parameter and column, and the output's name."""

    function: CatalogFunction
    bindings: tuple[tuple[str, str], ...]
    output: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns that must be there before."""
        return tuple(column for _, column in self.bindings)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Columns that it adds."""
        return (self.output,)


@dataclass(frozen=True)
class DeclaredStep:
    """Declared features, computed from their sources at the rows' times.

    Attributes
    ----------
    features
        Aggregations, columns and functions of rows; their entities and time columns are columns of the spine too.
    types
        SQL type of each.
    versions
        Delta version of each source table when the training set was made.
    """

    features: tuple[Feature, ...]
    types: tuple[str, ...]
    versions: Mapping[str, int]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns that must be there before."""
        names = [name for f in self.features for name in (*as_names(f.entity), *as_names(f.timeseries_column))]
        return tuple(dict.fromkeys(names))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Columns that it adds."""
        return tuple(str(feature.name) for feature in self.features)


@dataclass(frozen=True)
class FeatureSpec:
    """Source columns, lookups, declared features and functions in the order in which they were asked for, and what is left out.

    Attributes
    ----------
    source
        Columns that come with the data to score (keys and times included), without labels.
    exclude
        Columns that are needed to compute others, but are no input of the model.
    """

    source: tuple[SpecColumn, ...]
    lookups: tuple[LookupStep, ...]
    functions: tuple[FunctionStep, ...]
    exclude: tuple[str, ...]
    declared: tuple[DeclaredStep, ...] = ()

    @property
    def steps(self) -> tuple[LookupStep | DeclaredStep | FunctionStep, ...]:
        """All steps."""
        return (*self.lookups, *self.declared, *self.functions)

    @property
    def computed(self) -> tuple[SpecColumn, ...]:
        """Columns that the steps add: features in the order of the lookups, declared ones, then on-demand ones."""
        looked_up = [SpecColumn(output, kind) for step in self.lookups for _, output, kind in step.features]
        looked_up += [SpecColumn(*pair) for s in self.declared for pair in zip(s.outputs, s.types, strict=True)]
        return (*looked_up, *(SpecColumn(step.output, step.function.returns) for step in self.functions))

    @property
    def columns(self) -> tuple[SpecColumn, ...]:
        """Inputs of the model, in order: source columns, features, on-demand features, without those excluded."""
        return tuple(column for column in (*self.source, *self.computed) if column.name not in self.exclude)

    @property
    def required(self) -> tuple[str, ...]:
        """Source columns that must be in the data to score: keys, times, bound columns, and inputs of the model."""
        bound = {name for step in self.steps for name in step.inputs}
        return tuple(c.name for c in self.source if c.name in bound or c.name not in self.exclude)

    @property
    def table_versions(self) -> dict[str, int]:
        """Delta version of each table when the training set was made."""
        declared = {table: version for step in self.declared for table, version in step.versions.items()}
        return {step.table: step.table_version for step in self.lookups} | declared

    def to_yaml(self) -> str:
        """Return the spec as YAML, the form in which it lies beside a model."""
        data: dict[str, Any] = {
            "format": _FORMAT,
            "source": [[c.name, c.type] for c in self.source],
            "lookups": [
                {
                    "table": s.table,
                    "table_id": s.table_id,
                    "table_version": s.table_version,
                    "keys": [list(pair) for pair in s.keys],
                    "time": list(s.time) if s.time else None,
                    "lookback_seconds": s.lookback.total_seconds() if s.lookback is not None else None,
                    "features": [list(triple) for triple in s.features],
                    "defaults": dict(s.defaults),
                }
                for s in self.lookups
            ],
            "functions": [
                {
                    "function": s.function.to_dict(),
                    "bindings": [list(pair) for pair in s.bindings],
                    "output": s.output,
                }
                for s in self.functions
            ],
            "exclude": list(self.exclude),
        }
        if self.declared:
            data["declared"] = [
                {
                    "features": [feature_to_dict(feature) for feature in s.features],
                    "types": list(s.types),
                    "versions": dict(s.versions),
                }
                for s in self.declared
            ]
        return yaml.safe_dump(data, sort_keys=False, width=120)

    @classmethod
    def from_yaml(cls, text: str) -> FeatureSpec:
        """Return the spec that :meth:`to_yaml` wrote.

        Raises
        ------
        InvalidInputError
            The text is no feature spec, or has another format.
        """
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise InvalidInputError(f"The feature spec is not YAML: {error}.") from error
        found = data.get("format") if isinstance(data, dict) else None
        if found != _FORMAT:
            raise InvalidInputError(
                f"The feature spec has the format {found!r}; this version of Headwater reads the format {_FORMAT}: install the "
                "version of Headwater that wrote it, or log it again."
            )
        return cls(
            source=tuple(SpecColumn(*pair) for pair in data["source"]),
            lookups=tuple(_lookup(step) for step in data["lookups"]),
            functions=tuple(
                FunctionStep(CatalogFunction.from_dict(s["function"]), _pairs(s["bindings"]), s["output"])
                for s in data["functions"]
            ),
            exclude=tuple(data["exclude"]),
            declared=tuple(
                DeclaredStep(tuple(feature_from_dict(f) for f in s["features"]), tuple(s["types"]), s["versions"])
                for s in data.get("declared", ())
            ),
        )


def _lookup(step: dict[str, Any]) -> LookupStep:
    seconds = step["lookback_seconds"]
    return LookupStep(
        table=step["table"],
        table_id=step["table_id"],
        table_version=step["table_version"],
        keys=_pairs(step["keys"]),
        time=(step["time"][0], step["time"][1]) if step["time"] else None,
        lookback=None if seconds is None else dt.timedelta(seconds=seconds),
        features=tuple((f, o, k) for f, o, k in step["features"]),
        defaults=step["defaults"],
    )


def _pairs(pairs: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in pairs)
