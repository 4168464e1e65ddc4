"""Mergeable states of columns: histograms on fixed edges, per window and slice."""
