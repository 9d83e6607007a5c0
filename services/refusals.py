"""The kinds of error that the `motcua` command tells in words: what cannot be done, why, and what to do."""


class Refused(RuntimeError):
    """The message is for the operator: Vietnamese first, then English, a reason a line."""

    #: With which the command ends.
    status = 1


class Mistyped(Refused):
    """What was typed cannot be answered, now or later: as what the parser of the command line refuses."""

    status = 2
