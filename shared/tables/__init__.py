"""THE SHARED SCHEMA: some files per owning room, and one declaration of who may read or write what.

Every table has one owner that writes it. `grants.py` is that rule as Postgres privileges; a test logs in as each
role and must be refused what is not its own.
"""

from shared.tables import intake, national, routing, stats, voices
from shared.tables.schema import metadata

__all__ = ["intake", "metadata", "national", "routing", "stats", "voices"]
