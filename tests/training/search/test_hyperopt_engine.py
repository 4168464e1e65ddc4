from __future__ import annotations

import pytest

from headwater.training.search.hyperopt_engine import HyperoptEngine
from tests.training.search.suite import SearchEngineSuite


class TestHyperoptEngine(SearchEngineSuite):
    @pytest.fixture
    def make(self):
        return lambda families, seed: HyperoptEngine(families, seed=seed)
