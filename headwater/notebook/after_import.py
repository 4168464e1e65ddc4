"""Does something when a module is there: now if it is loaded, else after its first import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

__all__ = ["after_import"]


@contextmanager
def after_import(name: str, enter: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """Enter a context as soon as a module is loaded, and leave it at the end; loads nothing by itself."""
    with ExitStack() as undo:
        if name in sys.modules:
            undo.enter_context(enter())
            yield
            return
        finder = _Finder(name, lambda: undo.enter_context(enter()))
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    def __init__(self, name: str, then: Callable[[], None]) -> None:
        self._name, self._then = name, then

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        del path, target
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is None or spec.loader is None:
            return None
        loader, then = spec.loader, self._then
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            then()

        loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
