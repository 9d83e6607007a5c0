"""THE LAW AS CODE: working calendar, terms, the deadline account, the lifecycle, codes, names, the event chain.

Pure: standard library only, no I/O, no clock. `now` is always an argument. Every room calls it, so that the
receipt, the alert and the percentage cannot disagree.
"""
