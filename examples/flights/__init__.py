"""Flights out of New York in 2013: will this flight arrive more than 15 minutes late?"""
