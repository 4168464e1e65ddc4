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


def error_answer(error: Exception) -> tuple[int, bytes]:
    """Return status and body of an error; what is not ours is told by nothing but its kind."""
    if isinstance(error, RefusedError):
        return error.status, encode({"error_code": error.code, "message": str(error)})
    if isinstance(error, RequestError):
        code = "REQUEST_TOO_LARGE" if error.status == 413 else "BAD_REQUEST"
        return error.status, encode({"error_code": code, "message": str(error)})
    if isinstance(error, StoreUnavailableError | NotPublishedError):
        return 503, encode({"error_code": "TEMPORARILY_UNAVAILABLE", "message": str(error)})
    if isinstance(error, InvalidInputError):
        return 400, encode({"error_code": "BAD_REQUEST", "message": str(error)})
    if isinstance(error, TimeoutError):
        return 504, encode(
            {"error_code": "DEADLINE_EXCEEDED", "message": "The answer took longer than this server allows."}
        )
    return 500, encode({"error_code": "INTERNAL_ERROR", "message": f"The server failed ({type(error).__name__})."})
