"""Flights out of New York in 2013: the chance that a flight arrives over 15 minutes late."""
