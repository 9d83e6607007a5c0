"""Periods of reports: from–to and presets, months that begin on the 1st or elsewhere, instants of knowledge."""
