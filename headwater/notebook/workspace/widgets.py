"""``dbutils.widgets``: parameters of a notebook, with defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from headwater.lakehouse import InvalidInputError
from headwater.notebook.errors import InputWidgetNotDefinedError

__all__ = ["Widgets"]


class Widgets:
    """Widgets by name. A value given to the run beats a default, and can be read without a widget, as in a job.

    Values are texts. A widget made again keeps its value.

    Examples
    --------
    >>> widgets = Widgets({"day": "2024-01-02"})
    >>> widgets.text("day", "2024-01-01")
    >>> widgets.dropdown("mode", "fast", ["fast", "exact"])
    >>> widgets.get("day"), widgets.get("mode")
    ('2024-01-02', 'fast')
    """

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        self._given = {name: str(value) for name, value in (given or {}).items()}
        self._values: dict[str, str] = dict(self._given)

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: N803 - their word
        """Make a widget for any text."""
        del label
        self._values.setdefault(str(name), str(defaultValue))

    def dropdown(
        self,
        name: str,
        defaultValue: str,  # noqa: N803 - their word
        choices: Sequence[str] = (),
        label: str | None = None,
    ) -> None:
        """Make a widget for one of several values; the default must be one of them."""
        self._chosen(name, [str(defaultValue)], choices)
        self.text(name, defaultValue, label)

    def combobox(
        self,
        name: str,
        defaultValue: str = "",  # noqa: N803 - their word
        choices: Sequence[str] = (),
        label: str | None = None,
    ) -> None:
        """Make a widget for one of several values, or another."""
        del choices
        self.text(name, defaultValue, label)

    def multiselect(
        self,
        name: str,
        defaultValue: str,  # noqa: N803 - their word
        choices: Sequence[str] = (),
        label: str | None = None,
    ) -> None:
        """Make a widget for some of several values; its value is a text with commas between them."""
        self._chosen(name, str(defaultValue).split(","), choices)
        self.text(name, defaultValue, label)

    def get(self, name: str) -> str:
        """Return the value of a widget, or of a parameter given to the run.

        Raises
        ------
        InputWidgetNotDefinedError
            If there is neither.
        """
        if name not in self._values:
            raise InputWidgetNotDefinedError(name, self._values)
        return self._values[name]

    def getAll(self) -> dict[str, str]:  # noqa: N802 - their word
        """Return all values by name."""
        return dict(self._values)

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:  # noqa: N802, N803 - their words
        """Return the value of a widget, or the default if there is none."""
        return self.get(name) if defaultValue is None else self._values.get(name, str(defaultValue))

    def remove(self, name: str) -> None:
        """Remove a widget; one that is not there is gone already, as public notebooks take it that begin by clearing up."""
        self._values.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802 - their word
        """Remove all widgets; values given to the run are there for widgets made later."""
        self._values = dict(self._given)

    @contextmanager
    def given(self, values: Mapping[str, str]) -> Iterator[None]:
        """Let these values beat defaults and widgets within, as the parameters of a ``%run`` do."""
        before, covered = self._given, {name: self._values[name] for name in values if name in self._values}
        self._given = before | dict(values)
        self._values.update(values)
        try:
            yield
        finally:
            self._given = before
            self._values.update(covered)

    def _chosen(self, name: str, values: Sequence[str], choices: Sequence[str]) -> None:
        known = [str(choice) for choice in choices]
        wrong = [value for value in values if known and value not in known]
        if wrong:
            raise InvalidInputError(
                f"The default {wrong[0]!r} of the widget {name!r} is not one of its choices: {', '.join(known)}."
            )
