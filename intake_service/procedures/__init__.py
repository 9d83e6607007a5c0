"""Procedures: what the catalogue says of each, at which level it is handled, and how long an agency has."""
