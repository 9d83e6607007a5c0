"""WIRE MODELS AND TYPED CLIENTS, one file per providing room. The server imports the same models as its callers."""
