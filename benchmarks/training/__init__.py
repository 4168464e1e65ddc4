"""What a search costs beside its fits, side by side in one run."""
