"""The roof: the client, the command line and the jobs.

Names are loaded when they are first asked for, so that ``import headwater.features`` loads neither the client nor MLflow.
"""

from typing import TYPE_CHECKING

from headwater.on_demand import on_demand

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

__getattr__, __dir__ = on_demand(__name__, __file__)
