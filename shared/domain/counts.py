"""What a dossier adds to the counts.

Every event carries the dossier's facts as they stand after it. To fold an event is to take away what the facts
before it added, and to add what the facts after it add: a changed due date, a corrected channel and a re-opened
dossier need no rule of their own.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple


class Facts(NamedTuple):
    """Whatever the counts may know about a dossier. Days are civil days in Vietnam.

    agency_id: the agency whose figure it is. late_day: the first day at whose end it is overdue if unfinished;
    None while the clock stands still, and without a term. verdict: 1 early, 2 on the day, 3 late. received_day: None
    before acceptance, when nothing of it counts.
    """

    agency_id: int
    channel: int
    received_day: date | None
    due_day: date | None = None
    late_day: date | None = None
    finished_day: date | None = None
    verdict: int | None = None
    paused: bool = False

    def text(self) -> str:
        """The facts as the event chain hashes them."""
        agency, channel, received, due, late, finished, verdict, paused = self
        days = f"{_shown(received)},{_shown(due)},{_shown(late)},{_shown(finished)}"
        return f"{agency},{channel},{days},{verdict or ''},{int(paused)}"


@lru_cache(maxsize=8192)
def _shown(day: date | None) -> str:
    return day.isoformat() if day else ""


#: The columns of the day histogram, in the order in which contributions() names them.
METRICS = (
    "received",
    "resolved",
    "resolved_early",
    "resolved_on_day",
    "resolved_without_term",
    "fell_late",
    "late_settled",
    "paused_net",
)


def contributions(facts: Facts) -> Iterator[tuple[date, str]]:
    """The (day, metric) pairs to which a dossier with these facts adds one. Pauses are not facts: see moves()."""
    if facts.received_day is None:
        return
    yield facts.received_day, "received"
    if facts.late_day is not None:
        yield facts.late_day, "fell_late"
    if facts.finished_day is None:
        return
    yield facts.finished_day, "resolved"
    if facts.verdict == 1:
        yield facts.finished_day, "resolved_early"
    elif facts.verdict == 2:
        yield facts.finished_day, "resolved_on_day"
    if facts.due_day is None:
        yield facts.finished_day, "resolved_without_term"
    if facts.late_day is not None:
        yield max(facts.late_day, facts.finished_day), "late_settled"


def moves(
    before: Facts | None, after: Facts, occurred_day: date, pauses: Iterable[tuple[date, int]] = ()
) -> Iterator[tuple[int, int, date, str, int]]:
    """What an event changes in the histogram: (agency_id, channel, day, metric, by).

    `pauses`: the (day, +1 or -1) of the dossier's earlier events. They follow it when its agency or channel is
    corrected, as all its other figures do: else a paused dossier would be pending at one agency, paused at another.
    """
    if before is not None:
        for day, metric in contributions(before):
            yield before.agency_id, before.channel, day, metric, -1
    for day, metric in contributions(after):
        yield after.agency_id, after.channel, day, metric, 1
    if before is not None and (before.agency_id, before.channel) != (after.agency_id, after.channel):
        for day, by in pauses:
            yield before.agency_id, before.channel, day, "paused_net", -by
            yield after.agency_id, after.channel, day, "paused_net", by
    was_paused = before is not None and before.paused
    if was_paused != after.paused:
        yield after.agency_id, after.channel, occurred_day, "paused_net", 1 if after.paused else -1
