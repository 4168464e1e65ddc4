"""Inputs looked at together: how well a window is told from the baseline, and which of them moved the scores."""
