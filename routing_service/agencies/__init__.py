"""Agencies, each in the period in which it was in force."""
