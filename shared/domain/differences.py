"""What a verification finds: one difference between what must stand there and what does."""

from typing import NamedTuple


class Span(NamedTuple):
    """Dossiers by their ids: above `after`, up to and with `upto`."""

    after: int
    upto: int


class Difference(NamedTuple):
    """check: which check found it. what: the code of what differs, which the switchboard has words for. where: a
    dossier's code and an event's number, or an agency, channel and day; never a person. None stands for nothing."""

    check: str
    what: str
    where: str
    expected: str | None
    found: str | None
