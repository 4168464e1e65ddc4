"""The roof: the client, the command line and the jobs.

Names are loaded when they are first asked for, so that ``import headwater.features`` loads neither the client nor MLflow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headwater.clients.decorators import feature_table
    from headwater.clients.feature_engineering import FeatureEngineeringClient
    from headwater.clients.feature_store import FeatureStoreClient
    from headwater.clients.upgrade import UpgradeClient
    from headwater.features import FeatureFunction, FeatureLookup
    from headwater.lakehouse import Settings
    from headwater.project import Project, load_project
    from headwater.sql_session import session

__all__ = [
    "FeatureEngineeringClient",
    "FeatureFunction",
    "FeatureLookup",
    "FeatureStoreClient",
    "Project",
    "Settings",
    "UpgradeClient",
    "feature_table",
    "load_project",
    "session",
]

_MODULES = {
    "FeatureEngineeringClient": "headwater.clients.feature_engineering",
    "FeatureFunction": "headwater.features",
    "FeatureLookup": "headwater.features",
    "FeatureStoreClient": "headwater.clients.feature_store",
    "Project": "headwater.project",
    "Settings": "headwater.lakehouse",
    "UpgradeClient": "headwater.clients.upgrade",
    "feature_table": "headwater.clients.decorators",
    "load_project": "headwater.project",
    "session": "headwater.sql_session",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
