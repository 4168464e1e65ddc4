"""NannyML's own data sets, with labels: files of its wheel, fetched once by pin and hash, of which nothing is imported."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.fetched import fetched


@pytest.fixture(scope="session")
def published():
    """Give the folder of the published data; fetches it where it is not there yet."""
    return fetched("estimation") / "nannyml" / "datasets" / "data"


@pytest.fixture(scope="session")
def car_loans(published):
    """Give 50,000 rows of reference and 50,000 to be estimated: will a loan be repaid?"""
    return _parts(published, "synthetic_car_loan_{}.csv", "synthetic_car_loan_analysis_target.csv")


@pytest.fixture(scope="session")
def credit_cards(published):
    """Give 60,000 rows of reference and 60,000 to be estimated: which of three cards does a customer take?"""
    return _parts(published, "mc_{}.csv", "mc_analysis_gt.csv")


@pytest.fixture(scope="session")
def car_prices(published):
    """Give 60,000 rows of reference and 60,000 to be estimated: what does a used car cost?"""
    return _parts(published, "regression_synthetic_{}.csv", "regression_synthetic_analysis_targets.csv")


def _parts(folder, form, targets):
    reference, analysis = (pd.read_csv(folder / form.format(part)) for part in ("reference", "analysis"))
    return reference, analysis.merge(pd.read_csv(folder / targets), on="id")
