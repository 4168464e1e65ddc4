"""Which features help: importance against chance, redundancy, stability over time."""
