"""REFERENCE DATA IN MEMORY: agencies, calendar, procedures. Read by every room, written by their owners only."""

from shared.reference.keeper import ReferenceKeeper
from shared.reference.snapshot import FIRST_CASE, ProcedureVersion, Reference

__all__ = ["FIRST_CASE", "ProcedureVersion", "Reference", "ReferenceKeeper"]
