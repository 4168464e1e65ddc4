"""Lets ``sys.path`` hold a workspace's paths, within a run: imports look at files in C, past what `python_paths` replaces."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headwater.notebook.workspace.paths import Places

__all__ = ["import_paths"]


@contextmanager
def import_paths(places: Places) -> Iterator[None]:
    """Let modules be imported from the local folders of paths such as ``/Workspace/Repos/me/shop`` within."""

    def local_finder(path: str) -> Any:
        local = places.of_python(path)
        if local == path:
            raise ImportError(f"{path} is a path of this machine.", path=path)
        for hook in sys.path_hooks:
            if hook is not local_finder:
                try:
                    return hook(local)
                except ImportError:
                    continue
        raise ImportError(f"{path} is not a folder, so nothing can be imported from it.", path=path)

    before = set(sys.path_importer_cache)
    sys.path_hooks.insert(0, local_finder)
    try:
        yield
    finally:
        sys.path_hooks.remove(local_finder)
        for path in set(sys.path_importer_cache) - before:
            del sys.path_importer_cache[path]
