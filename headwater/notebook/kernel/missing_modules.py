"""Says of a module that is not there that its installation was skipped, and what installs it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["missing_module_hint"]

# Packages of Databricks' ML runtimes that the extra `ml` brings, by the modules that they hold.
_ML_RUNTIME: Final = {
    "lightgbm": "lightgbm",
    "optuna": "optuna",
    "seaborn": "seaborn",
    "shap": "shap",
    "xgboost": "xgboost-cpu",
}


def missing_module_hint(error: BaseException, skipped: Iterable[str]) -> str:
    """Return what to do about a module that is missing, or an empty text.

    Parameters
    ----------
    error
        Any error; only a `ModuleNotFoundError` has a hint.
    skipped
        The calls of pip that were not done, without the word pip.

    Examples
    --------
    >>> missing_module_hint(ModuleNotFoundError("No module named 'x'", name="x"), ["install x==2"])
    '`%pip install x==2` was not done: run the notebook with --install, or install it yourself.'
    """
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    module = error.name.partition(".")[0]
    package = _ML_RUNTIME.get(module, module)
    calls = [call for call in skipped if call.startswith("install")]
    named = [call for call in calls if any(_plain(name) in _plain(call) for name in (module, package))]
    # A package may have another name than its module, or stand in a file of requirements: then each skipped call may be it.
    if calls:
        shown = named or calls
        said = f"{', '.join(f'`%pip {call}`' for call in shown)} {'was' if len(shown) == 1 else 'were'} not done"
        return f"{said}: run the notebook with --install, or install it yourself."
    if module in _ML_RUNTIME:
        return f"Databricks' ML runtimes have {package}: pip install 'headwater[ml]' installs it."
    return ""


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
