"""Delegations: in whose place somebody acts who does not lead the agency, for how long and in what."""
