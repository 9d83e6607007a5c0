"""MEASUREMENTS that anyone can repeat: `make bench`, or `python -m bench [--only ROW ...] [--small]`.

Each row measures ours and a reference in the same run, on the same embedded PostgreSQL with durable settings, so what
counts is the ratio: it holds on a slow machine as on a fast one. A goal that is missed is printed as missed; nothing
here is a test that passes or fails.

Each row is a file with one `measure`; rows.py is their table of contents. What they share:

    figures.py    a figure, its goal, and how they are shown and kept
    ground.py     the database server, databases, service processes
    client.py     the load generator, a process of its own
    processes.py  what /proc says of a process
    receiving.py  the transaction of an intake, as pgbench runs it
    filling.py    millions of dossiers, made in the database

`python -m bench.hundred` (`make bench-100m`) measures the reports once more at a hundred million, which building.py
builds and weighs.
"""
