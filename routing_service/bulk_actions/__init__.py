"""Bulk actions: up to 1,000 of what may be done to cases in one call, each decided as if it came alone."""
