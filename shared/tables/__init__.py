"""THE SHARED SCHEMA: some files per owning room, and one declaration of who may read or write what.

Every table has one owner that writes it. `grants.py` is that rule as Postgres privileges; a test logs in as each
role and must be refused what is not its own. `declared.py` has them all, for what migrates: a service, whose SQL is its
own, does not load it, as that took a third of the time in which it starts.
"""
