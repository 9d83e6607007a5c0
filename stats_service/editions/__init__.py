"""Sealed editions of reports: kept with what they were made of, so that they can be made again, byte for byte."""
