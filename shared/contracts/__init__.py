"""WIRE MODELS, one file per noun, AND TYPED CLIENTS, one per providing room (`intake.py`, `routing.py`, `stats.py`).
The server imports the same models as its callers."""
