"""How the national scoring judges a dossier (Decision 766/QĐ-TTg, indicator 2.1, as its formulas are described).

It is not the agency's own verdict. It judges what is open as well, it knows no restart and no extension, it takes what
the applicant was waited for off as plain time, and the number of supplement requests for lateness. It knows instants to
the second: that is how it is told them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.domain.civil_time import civil_day, local
from shared.domain.explanation import Line, day_name
from shared.domain.terms import Term, TermUnit, due_after
from shared.domain.working_calendar import DEFAULT_SESSIONS, WorkingCalendar

#: A second request after acceptance means late, whatever the dates say.
MOST_REQUESTS_ON_TIME = 1
_INSTANT = timedelta(microseconds=1)
# What the catalogue says in words alone; it publishes no number that could be compared.
_WITHOUT_A_NUMBER = (TermUnit.NONE, TermUnit.SAME_DAY)


class Compare(StrEnum):
    """What of an end is held against a date: its instant, as the formula is written, or its day, as systems in use
    have it. Which of them the portal does is not known, so it is a setting."""

    INSTANT = "instant"
    DATE = "date"


class Wait(NamedTuple):
    """A supplement request since acceptance, and the answer; None: still open."""

    asked_at: datetime
    answered_at: datetime | None = None


class Ends(NamedTuple):
    """When a dossier was over, as far as it is, in the order in which an end goes before another: đã xử lý xong, đã trả
    kết quả, dừng xử lý, rút hồ sơ."""

    finished_at: datetime | None = None
    returned_at: datetime | None = None
    stopped_at: datetime | None = None
    withdrawn_at: datetime | None = None


class End(StrEnum):
    """What was taken for the end."""

    FINISHED = "end_finished"
    RETURNED = "end_returned"
    STOPPED = "end_stopped"
    WITHDRAWN = "end_withdrawn"
    SUPPLEMENT_REQUEST = "end_supplement_request"
    PERIOD = "end_of_period"


class Limit(StrEnum):
    """What it was held against."""

    AS_SENT = "due_as_sent"
    LONGEST_TERM = "due_by_longest_term"
    NONE = "no_due"


class Scored(NamedTuple):
    """The judgement. ended_at: the end; at: the instant that was judged, `waited` taken off it; against: what it was
    held against, None where there is nothing, and then it is on time."""

    on_time: bool
    end: End
    ended_at: datetime
    at: datetime
    limit: Limit
    against: datetime | None
    waited: tuple[timedelta, ...] = ()
    requests: int = 0
    compare: Compare = Compare.INSTANT

    @property
    def over(self) -> bool:
        """Whether it is over; else it was judged by its open request, or as of the end of the period."""
        return self.end not in (End.SUPPLEMENT_REQUEST, End.PERIOD)

    @property
    def rules(self) -> tuple[str, ...]:
        """Stable words for what was applied, in order."""
        waits = ("wait_subtracted",) * len(self.waited)
        again = ("second_request",) if self.requests > MOST_REQUESTS_ON_TIME else ()
        return (self.end.value, *waits, self.limit.value, *again)


def to_the_second(at: datetime) -> datetime:
    """An instant as the national side is told it."""
    return at.replace(microsecond=0)


def scored(
    promised: datetime | None,
    waits: Iterable[Wait],
    ends: Ends,
    *,
    accepted_at: datetime,
    until: datetime,
    longest: datetime | None = None,
    compare: Compare = Compare.INSTANT,
) -> Scored:
    """Judge a dossier by `promised`, the date that was promised first; without one by `longest`, see longest_limit.
    until: the end of the reporting period, or now while that is to come: what happened later has not yet.

    While a supplement is open and nothing ended it, its request is the end: an end of any kind comes after it. Once it
    is answered the wait is taken off the end. Waiting for a payment is not: the formula does not name it.
    """
    until, received = to_the_second(until), to_the_second(accepted_at)
    known = [_known(wait, until) for wait in waits if received <= to_the_second(wait.asked_at) <= until]
    end, ended_at = _end(ends, known, until)
    waited = tuple(answered_at - asked_at for asked_at, answered_at in known if answered_at is not None)
    at = ended_at - sum(waited, timedelta())
    given = promised or longest
    against = to_the_second(given) if given else None
    limit = Limit.NONE if against is None else Limit.AS_SENT if promised else Limit.LONGEST_TERM
    late = len(known) > MOST_REQUESTS_ON_TIME or (against is not None and _past(at, against, compare))
    return Scored(not late, end, ended_at, at, limit, against, waited, len(known), compare)


def _known(wait: Wait, until: datetime) -> Wait:
    answered_at = to_the_second(wait.answered_at) if wait.answered_at is not None else None
    return Wait(to_the_second(wait.asked_at), answered_at if answered_at and answered_at <= until else None)


def _end(ends: Ends, waits: Sequence[Wait], until: datetime) -> tuple[End, datetime]:
    for end, at in zip(End, ends, strict=False):
        if at is not None:
            at = to_the_second(at)
            if at <= until:
                return end, at
            break
    if waits and waits[-1].answered_at is None:
        return End.SUPPLEMENT_REQUEST, waits[-1].asked_at
    return End.PERIOD, until


def _past(at: datetime, against: datetime, compare: Compare) -> bool:
    return at > against if compare is Compare.INSTANT else civil_day(at) > civil_day(against)


def longest_limit(accepted_at: datetime, terms: Iterable[Term], calendar: WorkingCalendar) -> datetime | None:
    """When the longest of a procedure's terms, over all its channels and cases, is over that begins at `accepted_at`;
    None: it has none. A day ends with its last second. The hours of an agency are not known there: the usual ones
    count. Raises CalendarMissing."""
    accepted_at = to_the_second(accepted_at)
    numbers = {term for term in terms if term.unit not in _WITHOUT_A_NUMBER}
    dues = (due_after(accepted_at, term, calendar, DEFAULT_SESSIONS) for term in numbers)
    return max((to_the_second(due.late_from - _INSTANT) for due in dues if due is not None), default=None)


_ENDS = {
    End.FINISHED: Line("đã xử lý xong", "processing was finished"),
    End.RETURNED: Line("đã trả kết quả", "the result was returned"),
    End.STOPPED: Line("dừng xử lý", "it was stopped"),
    End.WITHDRAWN: Line("công dân rút hồ sơ", "it was withdrawn"),
    End.SUPPLEMENT_REQUEST: Line("yêu cầu bổ sung, chưa được bổ sung", "a supplement was asked for and is awaited"),
    End.PERIOD: Line("hết kỳ báo cáo, hồ sơ chưa xong", "the period ended and the dossier was open"),
}


def explained_nationally(found: Scored) -> list[Line]:
    """The judgement line by line: what was judged, by what, and what counts against the dossier."""
    ended, judged = _instant(found.ended_at), _instant(found.at)
    said = _ENDS[found.end]
    lines = [Line(f"Thời điểm kết thúc: {ended.vi} ({said.vi}).", f"The end: {ended.en} ({said.en}).")]
    for waited in found.waited:
        span = _span(waited)
        lines.append(Line(f"Trừ thời gian chờ bổ sung: {span.vi}.", f"Less the wait for a supplement: {span.en}."))
    if found.waited:
        lines.append(Line(f"Thời điểm được xét: {judged.vi}.", f"So judged: {judged.en}."))
    lines.append(_limit(found))
    if found.against is not None:
        lines.append(_held(found.at, found.against, found.compare))
    if found.requests > MOST_REQUESTS_ON_TIME:
        lines.append(
            Line(
                f"Yêu cầu bổ sung {found.requests} lần sau khi tiếp nhận: quá hạn, bất kể ngày nào.",
                f"A supplement was asked for {found.requests} times since acceptance: late, whatever the dates.",
            )
        )
    lines.append(Line("Kết luận: đúng hạn.", "On time.") if found.on_time else Line("Kết luận: quá hạn.", "Late."))
    return lines


def _instant(at: datetime) -> Line:
    day = day_name(civil_day(at))
    return Line(f"{local(at):%H:%M:%S} {day.vi}", f"{local(at):%H:%M:%S} {day.en}")


def _limit(found: Scored) -> Line:
    if found.against is None:
        return Line(
            "Không có ngày hẹn trả, thủ tục không có thời hạn: đúng hạn.",
            "No date was promised, and the procedure has no term: on time.",
        )
    against = _instant(found.against)
    if found.limit is Limit.AS_SENT:
        return Line(f"Ngày hẹn trả ban đầu: {against.vi}.", f"First promised: {against.en}.")
    return Line(
        f"Không có ngày hẹn trả; theo thời hạn dài nhất của thủ tục: {against.vi}.",
        f"No date was promised; by the procedure's longest term: {against.en}.",
    )


def _held(at: datetime, against: datetime, compare: Compare) -> Line:
    if not _past(at, against, compare):
        return Line("Không muộn hơn hạn.", "Not later than that.")
    later = civil_day(at) - civil_day(against) if compare is Compare.DATE else at - against
    span = _span(later)
    return Line(f"Muộn hơn hạn {span.vi}.", f"Later by {span.en}.")


def _span(span: timedelta) -> Line:
    hours, rest = divmod(span.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    named = list(zip((span.days, hours, minutes, seconds), _UNITS, strict=True))
    parts = [(number, *unit) for number, unit in named if number] or [(0, *_UNITS[-1])]
    english = (f"{number} {name if number == 1 else name + 's'}" for number, _, name in parts)
    return Line(" ".join(f"{number} {name}" for number, name, _ in parts), " ".join(english))


_UNITS = (("ngày", "day"), ("giờ", "hour"), ("phút", "minute"), ("giây", "second"))
