"""Custom metrics of a monitor: what they are, for which columns, and the SQL that computes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Self

from headwater.lakehouse import HeadwaterError, InvalidInputError, is_plain_name, known

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

__all__ = ["TABLE", "CustomMetricError", "MonitorMetric"]

TABLE: Final = ":table"
"""As an input column: the whole table."""
_TYPES: Final = ("aggregate", "derived", "drift")
_NAMES: Final = ("input_column", "prediction_col", "label_col")
_SIDES: Final = ("current_df", "base_df")
_SIDE_AND_NAME: Final = re.compile(r"`(current_df|base_df)\.([^`]+)`")


class CustomMetricError(HeadwaterError):
    """A custom metric cannot be computed for one of its columns; all else of the monitor's tables is written."""

    def __init__(self, metric: str, column: str, definition: str, table: str, reason: str) -> None:
        super().__init__(metric, column, definition, table, reason)
        self.metric, self.column, self.definition, self.table, self.reason = metric, column, definition, table, reason

    def __str__(self) -> str:
        return (
            f"The custom metric {self.metric!r} has no value for the column {self.column!r} of {self.table}: "
            f"{self.reason.rstrip('.')}. Its definition is {self.definition!r}. Other metrics are written; correct this one "
            "and refresh again."
        )


@dataclass(frozen=True, kw_only=True)
class MonitorMetric:
    """A metric of the user's own: a further column of the monitor's profile or drift table.

    Parameters
    ----------
    type
        ``"aggregate"``: computed of the table's rows; ``"derived"``: of a row of ``…_profile_metrics``, of its built-in columns
        and of custom metrics listed before; ``"drift"``: of two such rows, a window's and the one that it is compared with. The
        SDK's names, such as ``"CUSTOM_METRIC_TYPE_AGGREGATE"``, are taken too.
    name
        Of its column: letters, digits and ``_``.
    input_columns
        The columns in whose rows it stands; ``":table"`` is the row of the whole table. It is NULL in all other rows.
    definition
        A SQL expression as a Jinja template. ``{{input_column}}`` is each of the input columns in turn, ``{{prediction_col}}``
        and ``{{label_col}}`` are those of an inference log; ``{{current_df}}.x`` and ``{{base_df}}.x`` are the column `x` of the
        two rows that a drift metric compares. Names stand as they are: put backticks around them where SQL needs them.
    output_data_type
        Type of the column, to which the value is cast: as SQL writes it, or as JSON of Spark's type or field.

    Examples
    --------
    >>> metric = MonitorMetric(type="aggregate", name="mean_square", input_columns=["delay", "wind"],
    ...                        definition="avg(`{{input_column}}` * `{{input_column}}`)", output_data_type="double")
    >>> metric.sql("wind")
    'avg(`wind` * `wind`)'
    >>> MonitorMetric(type="aggregate", name="m", input_columns=[":table"], definition="avg({{colum}})",
    ...               output_data_type="double")
    Traceback (most recent call last):
    headwater.lakehouse.errors.InvalidInputError: The custom metric 'm' names the variable 'colum', which an aggregate metric has
    not. Known: label_col, prediction_col.
    """

    type: str
    name: str
    input_columns: Sequence[str]
    definition: str
    output_data_type: str

    def __post_init__(self) -> None:
        about = f"The custom metric {self.name!r}"
        given = str(getattr(self.type, "value", self.type))
        kind = given.removeprefix("CUSTOM_METRIC_TYPE_").lower()
        if kind not in _TYPES:
            raise InvalidInputError(f"{about} has the type {given!r}. {known(kind, _TYPES)}")
        if not is_plain_name(self.name):
            raise InvalidInputError(f"{about} needs a name of letters, digits and _: it is that of a column.")
        columns = self.input_columns
        if isinstance(columns, str) or not columns or "" in columns or len(set(columns)) < len(columns):
            raise InvalidInputError(
                f"{about} has input_columns={columns!r}: give a list of columns, each once, or [{TABLE!r}]."
            )
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "input_columns", tuple(columns))
        object.__setattr__(self, "output_data_type", _sql_type(about, self.output_data_type))
        self._check_variables(about)

    @classmethod
    def of(cls, given: Any) -> Self:
        """Return the SDK's ``MonitorMetric``, the older ``Metric`` of Lakehouse Monitoring, or a dict of it, as one of ours.

        Examples
        --------
        >>> from databricks.sdk.service.catalog import MonitorMetric as Given, MonitorMetricType
        >>> MonitorMetric.of(Given(name="rows", definition="count(*)", input_columns=[":table"], output_data_type='"long"',
        ...                        type=MonitorMetricType.CUSTOM_METRIC_TYPE_AGGREGATE))
        MonitorMetric(type='aggregate', name='rows', input_columns=(':table',), definition='count(*)', output_data_type='bigint')
        """
        if isinstance(given, cls):
            return given
        names = [field.name for field in fields(cls)]
        facts: dict[str, Any]
        facts = {n: given.get(n) if isinstance(given, Mapping) else getattr(given, n, None) for n in names}
        missing = [name for name, value in facts.items() if value is None]
        if missing:
            raise InvalidInputError(f"The custom metric {facts['name']!r} lacks {', '.join(missing)}.")
        return cls(**facts)

    def sql(self, column: str, names: Mapping[str, str | None] | None = None) -> str:
        """Return the definition for one of its columns; `names` has the columns of the prediction and of the label.

        Raises
        ------
        InvalidInputError
            The template cannot be filled in, as where it names a label and there is none.
        """
        from jinja2 import TemplateError

        values = {name: value for name, value in (names or {}).items() if value is not None}
        values |= {} if column == TABLE else {"input_column": column}
        try:
            text = _environment().from_string(self.definition).render(values | {side: side for side in _SIDES})
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise InvalidInputError(f"its template cannot be filled in: {error}") from error
        return _SIDE_AND_NAME.sub(r"`\1`.`\2`", text) if self.type == "drift" else text

    def _check_variables(self, about: str) -> None:
        from jinja2 import TemplateError, meta

        try:
            used = meta.find_undeclared_variables(_environment().parse(self.definition))
        except (TemplateError, TypeError) as error:
            raise InvalidInputError(f"{about} has the definition {self.definition!r}: {error}.") from error
        taken = {*_NAMES} | ({*_SIDES} if self.type == "drift" else set())
        taken -= {"input_column"} if TABLE in self.input_columns else set()
        for name in sorted(used - taken):
            article = "an" if self.type == "aggregate" else "a"
            of = " of the whole table" if name == "input_column" else ""
            facts = f"{about} names the variable {name!r}, which {article} {self.type} metric{of} has not."
            raise InvalidInputError(f"{facts} {known(name, taken)}")


def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def _sql_type(about: str, given: Any) -> str:
    """Return a type as SQL writes it: of SQL, of JSON (of a type or a field), or of Spark's own class."""
    text = given if isinstance(given, str) else given.json() if hasattr(given, "json") else ""
    if not text.strip():
        raise InvalidInputError(f"{about} needs an output_data_type such as 'double', found {given!r}.")
    if text.lstrip()[0] not in '{"':
        return text.strip()
    from pyspark.errors import PySparkException
    from pyspark.sql.types import StructField, StructType

    try:
        value = json.loads(text)
        named = isinstance(value, dict) and "name" in value
        field = value if named else {"name": "output", "type": value, "nullable": True, "metadata": {}}
        found = StructType.fromJson({"type": "struct", "fields": [{"nullable": True, "metadata": {}, **field}]})
        first: StructField = found.fields[0]
    except (PySparkException, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise InvalidInputError(
            f"{about} has output_data_type={text!r}, which is no type's JSON ({error}): write SQL's, such as 'double'."
        ) from error
    return str(first.dataType.simpleString())
