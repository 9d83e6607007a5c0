"""How the national scoring judges a dossier (Decision 766/QĐ-TTg, indicator 2.1, as its formulas are implemented).

It is not the agency's own verdict. It judges what is open as well, it knows no restart and no extension, and it takes
the number of supplement requests for lateness.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from shared.domain.terms import Due, Term, shifted
from shared.domain.working_calendar import Sessions, WorkingCalendar

#: A second request after acceptance means late, whatever the dates say.
MOST_REQUESTS_ON_TIME = 1


class Wait(NamedTuple):
    """A supplement request after acceptance, and the answer; None: still open."""

    asked_at: datetime
    answered_at: datetime | None = None


class Ends(NamedTuple):
    """When a dossier was over, as far as it is. finished_at: đã xử lý xong; ended_at: refused, stopped or withdrawn;
    returned_at: đã trả kết quả."""

    finished_at: datetime | None = None
    ended_at: datetime | None = None
    returned_at: datetime | None = None


class Scored(NamedTuple):
    """The judgement. ended: it is over; else it was judged as of now. at: the instant that was judged, against: the
    date that it was judged by; None where there is none, and then it is on time."""

    on_time: bool
    ended: bool
    at: datetime
    against: Due | None


def scored(
    due: Due | None,
    waits: Sequence[Wait],
    ends: Ends,
    term: Term,
    calendar: WorkingCalendar,
    sessions: Sessions,
    *,
    now: datetime,
    longest: Due | None = None,
) -> Scored:
    """Judge a dossier by `due`, the date first promised; without one by `longest`, which the procedure's longest term
    gives. `now`: the end of the reporting period, for what is not over.

    The instant judged is the finish, before any other end, before the hand-out: collecting late makes nobody late.
    While a supplement is open and nothing ended it, it is the request: an end of any kind comes after it. Once it is
    answered the wait is subtracted, in the term's own unit.
    Waiting for a payment is not subtracted: the formula does not name it.
    """
    end = next((at for at in (ends.finished_at, ends.ended_at, ends.returned_at) if at is not None), None)
    against, at = due or longest, end or now
    if waits:
        asked_at, answered_at = waits[-1]
        if answered_at is None:
            at = end or min(asked_at, at)
        elif against is not None:
            against = shifted(against, term, (asked_at, answered_at), calendar, sessions)
    late = len(waits) > MOST_REQUESTS_ON_TIME or (against is not None and at >= against.late_from)
    return Scored(not late, end is not None, at, against)
