"""The one kind of error that the `motcua` command tells in words: what cannot be done, why, and what to do."""


class Refused(RuntimeError):
    """The message is for the operator: Vietnamese first, then English, a reason a line."""
