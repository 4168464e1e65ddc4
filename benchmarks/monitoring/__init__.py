"""Profile and drift of a window against a baseline: ours beside Evidently, NannyML, whylogs and plain SciPy, in one run."""
