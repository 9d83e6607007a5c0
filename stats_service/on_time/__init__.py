"""The definitions of "on time" that are in use, each in terms of the figures."""
