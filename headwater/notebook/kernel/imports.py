"""Lets ``databricks.feature_engineering``, ``databricks.feature_store`` and the like mean Headwater, within a run.

The modules below are made by an importer at the head of ``sys.meta_path``, also where the real packages are installed. Every
name is looked up when it is asked for, in the modules named beside it; a name that is in none is an ImportError that says
so. ``databricks.sdk`` and all else of ``databricks`` is what is installed; of its client see
:mod:`headwater.notebook.workspace.client`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from headwater.lakehouse import known

__all__ = ["databricks_imports"]

_PACKAGES = ("databricks.feature_engineering", "databricks.feature_store")
# Where Headwater keeps what these packages export. A module that is not there is passed over.
_SOURCES = (
    "headwater",
    "headwater.clients.entities",
    *(f"headwater.{name}" for name in ("features", "training", "serving", "monitoring")),
)
_OPERATORS = (
    "ApproxCountDistinct ApproxPercentile Avg Count First FirstDistinct FirstN Function Last LastDistinct LastN Max Min "
    "PercentileApprox StddevPop StddevSamp Sum VarPop VarSamp"
)
_SERVICE = (
    "AvgFunction CountFunction FirstFunction LastFunction MaxFunction MinFunction StddevPopFunction StddevSampFunction "
    "SumFunction VarPopFunction VarSampFunction"
)
_WINDOWS = "RollingWindow SawtoothWindow SlidingWindow TimeWindow TumblingWindow"
_DATA = "DataFrameSource DataSource DeltaTableSource FeatureViewSource RequestSource VolumeSource"
_ROWS = "ColumnSelection CustomUDF RowTransformation"
_BELOW = {
    "": "Aggregation DatabricksOnlineStore FeatureAggregations FeatureEngineeringClient FeatureFunction FeatureLookup "
    "FeatureStoreClient UNSET UpgradeClient Window feature_table",
    "client": "FeatureEngineeringClient FeatureStoreClient",
    "decorators": "feature_table",
    "entities": "AggregationFunction Feature FeatureFunction FeatureLookup FeatureTable TrainingSet "
    f"{_DATA} {_OPERATORS} {_ROWS} {_SERVICE} {_WINDOWS}",
    "entities.aggregation": "Aggregation",
    "entities.aggregation_function": f"AggregationFunction {_OPERATORS}",
    "entities.column_selection": "ColumnSelection",
    "entities.data_source": _DATA,
    "entities.feature": "Feature",
    "entities.feature_aggregations": "FeatureAggregations",
    "entities.feature_function": "FeatureFunction",
    "entities.feature_lookup": "FeatureLookup",
    "entities.feature_serving_endpoint": "AutoCaptureConfig EndpointCoreConfig FeatureServingEndpoint ServedEntity",
    "entities.feature_spec": "FeatureSpec",
    "entities.feature_spec_info": "FeatureSpecInfo",
    "entities.feature_table": "FeatureTable",
    "entities.function": f"AggregationFunction ColumnSelection {_OPERATORS}",
    "entities.time_window": f"{_WINDOWS} Window",
    "entities.training_set": "TrainingSet",
    "entities.transformation": "CustomUDF RowTransformation",
    "online_store_spec": "",
    "training_set": "TrainingSet",
    "upgrade_client": "UpgradeClient",
}
_MODULES = {f"{package}.{below}".rstrip("."): names.split() for package in _PACKAGES for below, names in _BELOW.items()}
_STAND_INS = {
    "databricks": "",
    "databricks.sdk": "Install it: pip install databricks-sdk. `databricks.sdk.runtime` alone needs no package here.",
}
_Given = Mapping[str, Callable[[], Mapping[str, Any]]]


@contextmanager
def databricks_imports(given: _Given) -> Iterator[None]:
    """Let the modules above be imported within; what was imported under their names before is back afterwards.

    Parameters
    ----------
    given
        Further modules that a run makes: by name, what gives their names when they are imported.
    """
    finder = _Finder(given)
    before = {name: module for name, module in sys.modules.items() if finder.makes(name)}
    for name in before:
        _forget(name)
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module("databricks")
        for package in _PACKAGES:
            importlib.import_module(package)  # is then an attribute of `databricks`, without an import of its own
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in sorted(name for name, module in sys.modules.items() if isinstance(module, _Module)):
            _forget(name)
        for name, module in before.items():
            sys.modules[name] = module
            parent, _, child = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], child, module)


class _Module(ModuleType):
    """A module whose names and submodules are looked up when they are asked for."""

    def __getattr__(self, name: str) -> Any:
        if f"{self.__name__}.{name}" in _MODULES:
            return importlib.import_module(f"{self.__name__}.{name}")
        if name == "__all__" and self.__name__ in _MODULES:
            return _present(self.__name__)
        if not name.startswith("__") and self.__name__ in _MODULES:
            for source in _SOURCES:
                found = getattr(_imported(source), name, None)
                if found is not None and not isinstance(found, ModuleType):
                    return found
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


class _Finder(MetaPathFinder, Loader):
    def __init__(self, given: _Given) -> None:
        self._given = given

    def makes(self, name: str) -> bool:
        """Say whether this importer makes the module, or refuses it."""
        return name in self._given or any(name == package or name.startswith(f"{package}.") for package in _PACKAGES)

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        del target
        if name in self._given or name in _MODULES:
            return ModuleSpec(name, self, is_package=True)
        if name in _STAND_INS:
            return None if PathFinder.find_spec(name, path) is not None else ModuleSpec(name, self, is_package=True)
        parent, _, last = name.rpartition(".")
        if self.makes(name):
            # `from package import name` comes by here when the package has no such name.
            names = sorted({one for module in _MODULES for one in _present(module)})
            raise ImportError(f"Headwater has no {last!r} for {parent}. {known(last, names)}", name=name)
        if parent in _STAND_INS and isinstance(sys.modules.get(parent), _Module):
            raise ModuleNotFoundError(f"{name} is not installed. {_STAND_INS[parent]}".strip(), name=name)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        make = self._given.get(module.__name__)
        if make is not None:
            given = make()
            module.__dict__.update(given)
            module.__dict__["__all__"] = sorted(given)


def _present(module: str) -> list[str]:
    """Return the names of a module that Headwater has now."""
    return [name for name in _MODULES[module] if any(hasattr(_imported(source), name) for source in _SOURCES)]


def _imported(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def _forget(name: str) -> None:
    module = sys.modules.pop(name)
    parent, _, child = name.rpartition(".")
    if parent in sys.modules and getattr(sys.modules[parent], child, None) is module:
        delattr(sys.modules[parent], child)
