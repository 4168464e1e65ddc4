"""Rooms whose files are found, so that a new one of a kind is a new file and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

__all__ = ["modules_of"]


def modules_of(package: ModuleType | str, *, but: Collection[str] = ()) -> list[ModuleType]:
    """Return the modules of a package, imported, in the order of their names.

    Parameters
    ----------
    package
        The package or its full name.
    but
        Names of files that are left out.

    Examples
    --------
    >>> [module.__name__.rpartition(".")[2] for module in modules_of("headwater.features.evaluation.readers")]
    ['delta_files', 'spark']
    """
    package = import_module(package) if isinstance(package, str) else package
    names = [file.name for file in iter_modules(package.__path__) if file.name not in but]
    return [import_module(f"{package.__name__}.{name}") for name in names]
