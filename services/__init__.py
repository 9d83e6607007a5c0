"""THE SWITCHBOARD: the `motcua` command, the launcher, the embedded database, the reference and demo data.

Knows every room, holds no rules and no SQL, and nobody imports it.
"""
