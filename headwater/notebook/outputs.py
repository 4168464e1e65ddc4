"""What a cell has put out, and the recorder that takes it while the cell runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from typing import Any, Literal, TextIO

from headwater.notebook.redaction import KnownSecrets

__all__ = ["Failure", "Output", "Recorder", "Shown", "Stream"]

_TEXT_IMAGES = {"image/svg+xml"}


@dataclass(frozen=True)
class Stream:
    """Text written to stdout or stderr."""

    name: Literal["stdout", "stderr"]
    text: str


@dataclass(frozen=True)
class Shown:
    """One thing shown, by MIME type; `result` if it is the value of the cell's last expression."""

    data: Mapping[str, Any]
    result: bool = False


@dataclass(frozen=True)
class Failure:
    """The error that ended a cell: its type, its message, and the user's own traceback."""

    name: str
    message: str
    trace: str


Output = Stream | Shown | Failure


class Recorder:
    r"""Takes a cell's outputs in their order; known secrets are blacked out in each.

    Parameters
    ----------
    echo
        Where text is also written as it comes; None: nowhere.

    Examples
    --------
    >>> recorder = Recorder()
    >>> recorder.secrets.add("hunter2")
    >>> with recorder.streams():
    ...     print("the password is hunter2")
    >>> recorder.taken()
    (Stream(name='stdout', text='the password is [REDACTED]\n'),)
    """

    def __init__(self, echo: TextIO | None = None, secrets: KnownSecrets | None = None) -> None:
        self.secrets = KnownSecrets() if secrets is None else secrets
        self._echo = echo
        self._unechoed: dict[str, str] = {}
        self._outputs: list[Output] = []

    def write(self, name: Literal["stdout", "stderr"], text: str) -> None:
        """Take text; it joins what the same stream has written just before."""
        last = self._outputs[-1] if self._outputs else None
        if isinstance(last, Stream) and last.name == name:
            self._outputs[-1] = replace(last, text=last.text + text)
        else:
            self._outputs.append(Stream(name, text))
        if self._echo is not None:
            self._echo_lines(self._echo, name, text)

    def add(self, output: Output) -> None:
        """Take an output that is no text of a stream."""
        self._outputs.append(output)
        self._echo_rest()
        if self._echo is not None and isinstance(output, Shown) and "text/plain" in output.data:
            self._echo.write(self.redacted(str(output.data["text/plain"])) + "\n")

    def taken(self) -> tuple[Output, ...]:
        """Return the outputs so far, without secrets, and begin anew."""
        self._echo_rest()
        outputs, self._outputs = self._outputs, []
        streams = {name: iter(self.secrets.redacted_pieces(_texts(outputs, name))) for name in ("stdout", "stderr")}
        return tuple(
            replace(output, text=next(streams[output.name])) if isinstance(output, Stream) else self._redact(output)
            for output in outputs
        )

    def across(self, cells: Sequence[tuple[Output, ...]]) -> list[tuple[Output, ...]]:
        """Return the outputs of cells, which :meth:`taken` gave, without secrets that one stream has over several of them."""
        outputs = [output for cell in cells for output in cell]
        streams = {name: iter(self.secrets.redacted_pieces(_texts(outputs, name))) for name in ("stdout", "stderr")}
        return [
            tuple(
                replace(output, text=next(streams[output.name])) if isinstance(output, Stream) else output
                for output in cell
            )
            for cell in cells
        ]

    def drop(self, since: int) -> None:
        """Forget the outputs since a mark that :attr:`mark` gave."""
        del self._outputs[since:]

    @property
    def mark(self) -> int:
        """How many outputs there are so far."""
        return len(self._outputs)

    @contextmanager
    def streams(self) -> Iterator[None]:
        """Take what the process writes to `sys.stdout` and `sys.stderr`."""
        with redirect_stdout(_Text(self, "stdout")), redirect_stderr(_Text(self, "stderr")):
            yield

    def redacted(self, text: str) -> str:
        """Return the text with each known secret blacked out."""
        return self.secrets.redacted(text)

    def _echo_lines(self, echo: TextIO, name: str, text: str) -> None:
        """Echo whole lines: a secret may come in several writes. Without any secret, text is echoed as it comes."""
        text = self._unechoed.pop(name, "") + text
        end = max(text.rfind("\n"), text.rfind("\r")) + 1 if self.secrets else len(text)
        echo.write(self.redacted(text[:end]))
        if text[end:]:
            self._unechoed[name] = text[end:]

    def _echo_rest(self) -> None:
        while self._unechoed and self._echo is not None:
            self._echo.write(self.redacted(self._unechoed.pop(next(iter(self._unechoed)))))

    def _redact(self, output: Shown | Failure) -> Output:
        match output:
            case Shown():
                return replace(output, data={kind: self._deep(kind, value) for kind, value in output.data.items()})
            case Failure():
                return Failure(output.name, self.redacted(output.message), self.redacted(output.trace))

    def _deep(self, kind: str, value: Any) -> Any:
        """Return a value of this MIME type without secrets; the bytes of pictures hold none."""
        if kind.startswith("image/") and kind not in _TEXT_IMAGES:
            return value
        if isinstance(value, str):
            return self.redacted(value)
        if isinstance(value, Mapping):
            return {self.redacted(str(key)): self._deep(kind, inner) for key, inner in value.items()}
        return [self._deep(kind, inner) for inner in value] if isinstance(value, list | tuple) else value


def _texts(outputs: Iterable[Output], name: str) -> list[str]:
    return [output.text for output in outputs if isinstance(output, Stream) and output.name == name]


class _Text(io.TextIOBase):
    """A text stream whose writes go to a recorder."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, recorder: Recorder, name: Literal["stdout", "stderr"]) -> None:
        self._recorder, self._name = recorder, name

    def write(self, text: str) -> int:
        self._recorder.write(self._name, text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        for line in lines:
            self.write(line)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return (sys.__stdout__ or sys.stdout).fileno()
