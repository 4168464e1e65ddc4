"""Runs the Python code of one cell as Jupyter does: the value of its last expression is the cell's value."""

from __future__ import annotations

import ast
import asyncio
import inspect
from typing import Any

__all__ = ["NO_VALUE", "run_code"]

NO_VALUE = object()


def run_code(code: str, namespace: dict[str, Any], file: str, line: int = 1) -> Any:
    r"""Run code in a namespace and return the value of its last expression, or `NO_VALUE`.

    A semicolon after that expression hides its value. ``await`` may stand at top level.

    Parameters
    ----------
    file, line
        What tracebacks name as the place of the code's first line.

    Examples
    --------
    >>> run_code("x = 2\nx * 3", {}, "cell")
    6
    >>> run_code("x = 2\nx * 3;  # quiet", {}, "cell") is NO_VALUE
    True
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile("\n" * (line - 1) + code, file, "exec", flags=flags | ast.PyCF_ONLY_AST)
    body = tree.body
    last: ast.Expr | None = None
    if body and isinstance(body[-1], ast.Expr) and not _is_quiet(code, body[-1].end_lineno or 0, line, body[-1]):
        last = body.pop()
    _run(compile(tree, file, "exec", flags=flags, dont_inherit=True), namespace)
    if last is None:
        return NO_VALUE
    expression = ast.Expression(last.value)
    return _run(compile(expression, file, "eval", flags=flags, dont_inherit=True), namespace)


def _run(code: Any, namespace: dict[str, Any]) -> Any:
    value = eval(code, namespace)  # noqa: S307 - running a notebook's code is what this is for
    if code.co_flags & inspect.CO_COROUTINE:
        return asyncio.run(_awaited(value))
    return value


async def _awaited(value: Any) -> Any:
    return await value


def _is_quiet(code: str, end_line: int, line: int, expression: ast.Expr) -> bool:
    """Say whether a semicolon follows the last expression."""
    rest = code.split("\n")[end_line - line :]
    if not rest:
        return False
    after = rest[0].encode()[expression.end_col_offset or 0 :].decode(errors="replace")
    return after.lstrip().startswith(";")
