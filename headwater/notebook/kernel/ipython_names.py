"""``IPython.display`` where IPython is not installed: ``display``, ``HTML``, ``Markdown``, ``Image``, ``clear_output``."""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["HTML", "Image", "Markdown", "display_names"]


class HTML:
    """Text shown as HTML."""

    def __init__(self, data: str = "", **_: Any) -> None:
        self.data = data

    def _repr_html_(self) -> str:
        return self.data


class Markdown:
    """Text shown as Markdown."""

    def __init__(self, data: str = "", **_: Any) -> None:
        self.data = data

    def _repr_markdown_(self) -> str:
        return self.data


class Image:
    """A picture from bytes, a file or an address; an address is shown by reference and not fetched."""

    def __init__(
        self, data: bytes | str | None = None, url: str | None = None, filename: str | None = None, **_: Any
    ) -> None:
        if isinstance(data, str):
            url, filename, data = (data, None, None) if urllib.parse.urlparse(data).netloc else (None, data, None)
        self.url = url
        self.data = Path(filename).read_bytes() if filename else data

    def _repr_mimebundle_(self) -> dict[str, str]:
        if self.data is None:
            return {"text/html": f'<img src="{self.url}">'}
        return {"image/png": base64.b64encode(self.data).decode()}


def display_names(display: Callable[..., None]) -> Mapping[str, Any]:
    """Return the module's names; `display` shows things in the running cell."""
    return {
        "HTML": HTML,
        "Image": Image,
        "Markdown": Markdown,
        "clear_output": lambda *_args, **_options: None,
        "display": display,
    }
