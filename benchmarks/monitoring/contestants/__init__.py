"""One script each, run in an environment of its own: ``python SCRIPT BASELINE WINDOW``; its last line is its figures as JSON."""
