"""The roof: the client, the command line and the jobs.

Names are loaded when they are first asked for, so that ``import headwater.features`` loads neither the client nor MLflow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headwater.client import FeatureEngineeringClient
    from headwater.decorators import feature_table
    from headwater.features import FeatureFunction, FeatureLookup
    from headwater.lakehouse import Settings
    from headwater.legacy_client import FeatureStoreClient
    from headwater.project import Project, load_project
    from headwater.sql_session import session
    from headwater.upgrade_client import UpgradeClient

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
    "FeatureEngineeringClient": "headwater.client",
    "FeatureFunction": "headwater.features",
    "FeatureLookup": "headwater.features",
    "FeatureStoreClient": "headwater.legacy_client",
    "Project": "headwater.project",
    "Settings": "headwater.lakehouse",
    "UpgradeClient": "headwater.upgrade_client",
    "feature_table": "headwater.decorators",
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
