"""Bulk actions: up to 1,000 finishes and returns in one call, each decided as if it came alone."""
