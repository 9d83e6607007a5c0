"""Workflows: linked procedures (một cửa liên thông) and internal processes (quy trình nội bộ), in versions."""
