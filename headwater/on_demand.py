"""Packages whose names are loaded when they are first asked for.

``import headwater.features`` then costs next to nothing, and a command line that only prints its help loads no NumPy.
A package's ``__init__.py`` keeps its imports under ``if TYPE_CHECKING:``, where type checkers and import-linter read them; they
are read from there too.
"""

from __future__ import annotations

import sys
from importlib import import_module

TYPE_CHECKING = False  # `typing` alone would take as long as all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["on_demand"]


def on_demand(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a package whose imports stand under ``if TYPE_CHECKING:``.

    No exported name may be that of a module or room in the package: the module would take its place once it is loaded.

    Examples
    --------
    ::

        if TYPE_CHECKING:
            from headwater.features.definitions.lookups import FeatureLookup

        __all__ = ["FeatureLookup"]
        __getattr__, __dir__ = on_demand(__name__, __file__)
    """
    modules: dict[str, str] = {}

    def sources() -> dict[str, str]:
        if not modules:
            modules.update(_imports(file))
        return modules

    def get(name: str) -> Any:
        if name.startswith("__") or name not in sources():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(sources()[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *sources()})

    return get, names


def _imports(file: str) -> dict[str, str]:
    """Return the module of each name that a file imports under ``if TYPE_CHECKING:``."""
    import ast

    with open(file, encoding="utf-8") as source:  # noqa: PTH123 - `pathlib` is slow to import
        tree = ast.parse(source.read())
    blocks = [node.body for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    found = [line for block in blocks for line in block if isinstance(line, ast.ImportFrom)]
    return {alias.name: str(line.module) for line in found for alias in line.names}
