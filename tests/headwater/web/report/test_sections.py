from __future__ import annotations

import pandas as pd

from headwater.web.report.sections import _served


def test_the_line_on_the_endpoint_names_its_days_versions_time_and_errors():
    requests = pd.DataFrame(
        {
            "request_time": pd.to_datetime(["2026-11-29 01:00", "2026-11-29 02:00", "2026-11-29 03:00"]),
            "status_code": [200, 200, 200],
            "execution_duration_ms": [8, 9, 20],
            "served_entity_id": ["main.ml.m/10", "main.ml.m/2", "main.ml.m/2"],
        }
    )
    (line,) = _served(requests)
    assert line.startswith(
        "The endpoint answered 3 requests on 29 November 2026, with version 2 and 10: half of them within"
    )
    assert line.endswith("within 10 ms. None got an error.")
    requests.loc[2, "status_code"] = 400
    requests.loc[2, "request_time"] = pd.Timestamp("2026-12-01")
    assert _served(requests)[0].startswith(
        "The endpoint answered 2 requests from 29 November 2026 to 1 December 2026, with"
    )
    assert _served(requests)[0].endswith("1 got an error.")
    assert _served(requests.iloc[:0]) == []
