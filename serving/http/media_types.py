"""The media types of request bodies: how each is read, how it is logged, and what OpenAPI says of it.

A new media type is a file with its reader, and a line in ``MEDIA_TYPES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headwater.serving.http.csv_body import parse_csv
from headwater.serving.http.parquet_body import parse_parquet
from headwater.serving.http.refusals import RefusedError, encode
from headwater.serving.http.requests import Request, parse_request

__all__ = ["MEDIA_TYPES", "MediaType", "media_type"]


@dataclass(frozen=True)
class MediaType:
    """A media type of request bodies.

    Attributes
    ----------
    name
        As ``Content-Type`` gives it.
    read
        Gives the request of a body, the most rows, the most bytes, and the names and SQL types of the endpoint's columns.
    schema
        The body's schema in OpenAPI; None: that of the JSON forms.
    is_text
        Whether a body is logged as it came; else its rows are, as JSON.
    """

    name: str
    read: Callable[[bytes, int, int, Mapping[str, str]], Request]
    schema: Mapping[str, Any] | None = None
    is_text: bool = True

    def logged(self, body: bytes, request: Request | None) -> str | None:
        """Return the text that the log has for a body; None for bytes that could not be read."""
        if self.is_text:
            return body.decode(errors="replace")
        return None if request is None else encode({"dataframe_records": request.rows}).decode()


MEDIA_TYPES = {
    one.name: one
    for one in (
        MediaType("application/json", lambda body, rows, _, __: parse_request(body, rows)),
        MediaType("text/csv", lambda body, rows, _, columns: parse_csv(body, rows, columns), {"type": "string"}),
        MediaType(
            "application/vnd.apache.parquet",
            lambda body, rows, size, columns: parse_parquet(body, rows, columns, size),
            {"type": "string", "format": "binary"},
            is_text=False,
        ),
    )
}


def media_type(header: str | None) -> MediaType:
    """Return the media type that a ``Content-Type`` names; without the header, JSON.

    Raises
    ------
    RefusedError
        It is unknown, or its parameters ask for what is not read: another charset than UTF-8, CSV without a header (415).

    Examples
    --------
    >>> media_type("text/csv; charset=utf-8").name, media_type(None).name
    ('text/csv', 'application/json')
    """
    if header is None or header in MEDIA_TYPES:
        return MEDIA_TYPES[header or "application/json"]
    name, *parameters = (part.strip().lower() for part in header.split(";"))
    found = MEDIA_TYPES.get(name or "application/json")
    if found is None:
        raise _unsupported(f"The Content-Type {name[:100]!r} is not read here; known: {', '.join(MEDIA_TYPES)}.")
    given = {key.strip(): value.strip().strip('"') for key, _, value in (one.partition("=") for one in parameters)}
    if given.get("charset", "utf-8") not in ("utf-8", "utf8", "us-ascii"):
        raise _unsupported("The body must be encoded as UTF-8: send Content-Type without another charset.")
    if found.name == "text/csv" and given.get("header") == "absent":
        raise _unsupported("A CSV body must begin with the columns' names: send it with a header.")
    return found


def _unsupported(message: str) -> RefusedError:
    return RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", message)
