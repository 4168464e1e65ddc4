"""Performance before labels come: what calibrated probabilities, or a model of the error, say of a window."""
