"""Synthetic data for trying the system out. What it makes is invented, apart from agencies, procedures and calendar."""
