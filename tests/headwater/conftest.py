"""Puts this folder on the path, and gives the small flights run to its tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest_flights import flights

__all__ = ["flights"]
