"""The units that a report is about: as they were in its period, or restated on the map of today."""
