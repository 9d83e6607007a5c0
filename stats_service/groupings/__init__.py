"""Groupings of figures, one within another: which make sense, and the rows they give."""
