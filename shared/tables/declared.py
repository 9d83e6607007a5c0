"""All tables of the shared schema, each declared in the file of its owner."""

from shared.tables import intake, national, routing, stats, voices
from shared.tables.schema import metadata

__all__ = ["intake", "metadata", "national", "routing", "stats", "voices"]
