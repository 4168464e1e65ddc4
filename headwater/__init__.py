"""The roof: the client, the command line and the jobs."""

from features import FeatureFunction, FeatureLookup
from headwater.client import FeatureEngineeringClient
from headwater.decorators import feature_table
from headwater.legacy_client import FeatureStoreClient
from headwater.project import Project, load_project
from headwater.session import session
from headwater.upgrade_client import UpgradeClient
from lakehouse import Settings

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
