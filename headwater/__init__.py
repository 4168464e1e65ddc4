"""The roof: the client, the command line and the jobs."""

from features import FeatureFunction, FeatureLookup
from headwater.client import FeatureEngineeringClient
from headwater.project import Project, load_project
from headwater.session import session
from lakehouse import Settings

__all__ = [
    "FeatureEngineeringClient",
    "FeatureFunction",
    "FeatureLookup",
    "Project",
    "Settings",
    "load_project",
    "session",
]
