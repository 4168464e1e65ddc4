"""What a server answers to requests that it refuses or that fail: a status, a code and a sentence, never data or internals."""

from __future__ import annotations

from typing import Any

import msgspec

from headwater.lakehouse import HeadwaterError, InvalidInputError
from headwater.serving.http.requests import RequestError
from headwater.serving.online.lookup import NotPublishedError
from headwater.serving.online.store import StoreUnavailableError

__all__ = ["RefusedError", "encode", "error_answer", "no_endpoint"]


def _json(value: Any) -> Any:
    """Return what JSON has for a value of Python or NumPy that msgspec does not know."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


encode = msgspec.json.Encoder(enc_hook=_json, decimal_format="number").encode


class RefusedError(HeadwaterError):
    """A request that is answered with a status and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message

    def __str__(self) -> str:
        return self.message


def no_endpoint(name: str | None, names: list[str]) -> RefusedError:
    """Return the refusal of an endpoint that is not there; names those that are."""
    if not name:
        return RefusedError(
            404,
            "RESOURCE_DOES_NOT_EXIST",
            f"Name an endpoint, /serving-endpoints/NAME/invocations. Known: {', '.join(names)}.",
        )
    return RefusedError(
        404, "RESOURCE_DOES_NOT_EXIST", f"There is no endpoint {name[:63]!r}. Known: {', '.join(names) or 'none'}."
    )


# By kind, the first that fits: status, code, and what is said in place of the error's own sentence, if that would tell too much.
_ANSWERS: tuple[tuple[type[BaseException], int, str, str], ...] = (
    (StoreUnavailableError, 503, "TEMPORARILY_UNAVAILABLE", "The online store does not answer: try again in a moment."),
    (NotPublishedError, 503, "TEMPORARILY_UNAVAILABLE", ""),
    (InvalidInputError, 400, "BAD_REQUEST", ""),
    (TimeoutError, 504, "DEADLINE_EXCEEDED", "The answer took longer than this server allows."),
)


def error_answer(error: Exception) -> tuple[int, bytes]:
    """Return status and body of an error; what is not ours is told by nothing but its kind."""
    status, code, message = 500, "INTERNAL_ERROR", f"The server failed ({type(error).__name__})."
    if isinstance(error, RefusedError):
        status, code, message = error.status, error.code, str(error)
    elif isinstance(error, RequestError):
        code = "REQUEST_TOO_LARGE" if error.status == 413 else "BAD_REQUEST"
        status, message = error.status, str(error)
    else:
        for kind, known_status, known_code, instead in _ANSWERS:
            if isinstance(error, kind):
                status, code, message = known_status, known_code, instead or str(error)
                break
    return status, encode({"error_code": code, "message": message})
