"""What may become of a petition, until when, who reads it, and what of it may be published. Pure.

A term holds by the day on which a petition was received, and runs from the day on which its present step began; that
day is not counted. Nothing that is due is stored: a changed calendar or term holds at once.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from shared.contracts.petitions import Measure, PetitionEventKind, PetitionKind, PetitionState, PetitionStep
from shared.domain.personal import holds_a_number
from shared.domain.vietnamese import search_key
from shared.domain.working_calendar import CalendarMissing, WorkingCalendar
from shared.web.auth import Role
from shared.web.problems import Problem, Reason

STATES = MappingProxyType[PetitionState, str](
    {
        "received": "Mới tiếp nhận",
        "in_hand": "Đang xử lý",
        "forwarded": "Đã chuyển cơ quan có thẩm quyền",
        "information_asked": "Chờ bổ sung thông tin",
        "answered": "Đã trả lời",
        "refused": "Không xử lý",
        "published": "Đã công khai",
        "withheld": "Đã trả lời, không công khai",
    }
)
EVENTS = MappingProxyType[PetitionEventKind, str](
    {
        "received": "Tiếp nhận",
        "taken_up": "Nhận xử lý",
        "forwarded": "Chuyển cơ quan có thẩm quyền",
        "information_asked": "Yêu cầu bổ sung thông tin",
        "information_given": "Bổ sung thông tin",
        "refused": "Không xử lý",
        "answered": "Trả lời",
        "published": "Công khai",
        "withheld": "Không công khai",
    }
)
#: Whose words the sender of a petition reads; a note to the next agency is for that one.
TOLD = frozenset[PetitionEventKind]({"information_asked", "information_given", "refused", "answered"})

#: (state, event) → next state: what is not here is refused.
NEXT: Mapping[tuple[PetitionState, PetitionEventKind], PetitionState] = MappingProxyType(
    {
        ("received", "taken_up"): "in_hand",
        ("forwarded", "taken_up"): "in_hand",
        ("received", "forwarded"): "forwarded",
        ("in_hand", "forwarded"): "forwarded",
        ("forwarded", "forwarded"): "forwarded",
        ("received", "refused"): "refused",
        ("forwarded", "refused"): "refused",
        ("information_asked", "refused"): "refused",
        ("received", "information_asked"): "information_asked",
        ("in_hand", "information_asked"): "information_asked",
        ("forwarded", "information_asked"): "information_asked",
        ("information_asked", "information_given"): "in_hand",
        ("received", "answered"): "answered",
        ("in_hand", "answered"): "answered",
        ("forwarded", "answered"): "answered",
        ("answered", "published"): "published",
        ("answered", "withheld"): "withheld",
    }
)
#: What brings an event about: the end of its address.
VERBS = MappingProxyType[PetitionEventKind, str](
    {
        "taken_up": "take-up",
        "forwarded": "forward",
        "refused": "refuse",
        "information_asked": "information-requests",
        "information_given": "information",
        "answered": "answer",
        "published": "publish",
        "withheld": "withhold",
    }
)
#: What is to be done next; in the other states nothing is, or the petitioner is waited for.
AWAITED = MappingProxyType[PetitionState, PetitionStep](
    {"received": "decide", "in_hand": "answer", "forwarded": "answer", "answered": "publish"}
)
#: In which nothing more happens.
OVER = frozenset[PetitionState]({"refused", "published", "withheld"})
#: By which term an act is judged.
JUDGED = MappingProxyType[PetitionEventKind, PetitionStep](
    {
        "taken_up": "decide",
        "forwarded": "decide",
        "refused": "decide",
        "information_asked": "ask",
        "answered": "answer",
        "published": "publish",
        "withheld": "publish",
    }
)
#: Whose are to be forwarded or refused only within a term that began with the reception, or with the last forwarding.
_DECIDED_FROM = frozenset[PetitionState]({"received", "forwarded"})
#: Of whom it is said is not to read it: officers' behaviour is for those who answer for them.
READ_BEHAVIOUR = frozenset({Role.LEADER, Role.SUPERVISOR, Role.ADMIN})


def kinds_read_by(role: Role) -> Sequence[PetitionKind]:
    """Which petitions a role reads."""
    return ("about_procedure", "about_behaviour") if role in READ_BEHAVIOUR else ("about_procedure",)


def next_state(state: PetitionState, event: PetitionEventKind) -> PetitionState | Problem:
    """The state after an event, or why it may not happen, and what may instead."""
    after = NEXT.get((state, event))
    if after is None:
        allowed = [event for before, event in NEXT if before == state]
        said = {
            "allowed": ", ".join(VERBS[event] for event in allowed) or "–",
            "allowed_vi": ", ".join(EVENTS[event].lower() for event in allowed) or "–",
        }
        return Problem("conflict", Reason("", "petition_state", {"state": state, **said}))
    return after


def keeps_its_start(event: PetitionEventKind) -> bool:
    """Whether the clock that runs after an event began before it: who takes up a petition has the term that runs from
    its sending or its forwarding."""
    return event == "taken_up"


class Term(NamedTuple):
    """So many working days for a step, for what was received in [valid_from, valid_to]; None: open."""

    step: PetitionStep
    measure: Measure
    working_days: int
    valid_from: date | None
    valid_to: date | None
    citation: str
    confirmed: bool

    def holds(self, received: date) -> bool:
        """Whether it is the term of what was received on a day."""
        return (self.valid_from or date.min) <= received <= (self.valid_to or date.max)


@dataclass(frozen=True, slots=True)
class Due:
    """A term of one petition: its last day (None: a year has no calendar), and whether that is over."""

    term: Term
    day: date | None
    late: bool


def due(term: Term, since: date, today: date, calendar: WorkingCalendar) -> Due:
    """A term that runs since a day. In a year without a calendar it may be over all the same: long ago."""
    try:
        day = calendar.add_working_days(since, term.working_days)
    except CalendarMissing:
        latest = _latest_start(term.working_days, today, calendar)
        return Due(term, None, latest is not None and since <= latest)
    return Due(term, day, day < today)


def dues(
    terms: Iterable[Term], state: PetitionState, received: date, since: date, today: date, calendar: WorkingCalendar
) -> list[Due]:
    """What is to be done next of a petition, by each measure."""
    step = AWAITED.get(state)
    return [due(term, since, today, calendar) for term in terms if term.step == step and term.holds(received)]


def in_time(
    terms: Iterable[Term],
    event: PetitionEventKind,
    state: PetitionState,
    received: date,
    since: date,
    today: date,
    calendar: WorkingCalendar,
) -> dict[Measure, bool]:
    """Whether what happens today to a petition in a state is within its terms; a measure that has none is not told."""
    step = JUDGED.get(event)
    if step == "decide" and state not in _DECIDED_FROM:
        return {}
    judged = [due(term, since, today, calendar) for term in terms if term.step == step and term.holds(received)]
    return {one.term.measure: not one.late for one in judged if one.day is not None}


class Bound(NamedTuple):
    """Petitions in `states`, received in [first, last], whose step began on or before `since`."""

    states: Sequence[PetitionState]
    first: date
    last: date
    since: date


#: No span of working days is so much longer than it would be without a holiday.
_LONGEST_REST = 30


def bounds(terms: Iterable[Term], day: date, calendar: WorkingCalendar) -> list[Bound]:
    """What makes a petition one whose term ended before `day`, as a bound on the day on which its step began."""
    found = []
    for term in terms:
        states = [state for state, step in AWAITED.items() if step == term.step]
        since = _latest_start(term.working_days, day, calendar)
        if states and since is not None:
            found.append(Bound(states, term.valid_from or date.min, term.valid_to or date.max, since))
    return found


def _latest_start(working_days: int, day: date, calendar: WorkingCalendar) -> date | None:
    """The latest day since which a term has ended before `day`."""
    for back in range(1, 2 * working_days + _LONGEST_REST):
        since = day - timedelta(days=back)
        try:
            if calendar.add_working_days(since, working_days) < day:
                return since
        except CalendarMissing:
            continue
    return None


def code_of(petition_id: int, received: date) -> str:
    """What a petition is called."""
    return f"PA-{received:%y%m%d}-{petition_id}"


_CODE = re.compile(r"PA-(\d{6})-([1-9]\d{0,17})", re.ASCII)


def id_of(code: str) -> int | None:
    """The petition that a code may be of: whether its day is right is seen when it is found."""
    found = _CODE.fullmatch(code)
    return int(found[2]) if found else None


#: Shorter words than these say nothing of anybody.
_SHORTEST = 4


def tells_of(texts: Mapping[str, str], petitioner: Iterable[str | None]) -> list[Reason]:
    """Why these texts, by their fields, cannot be published: they hold somebody's number, or name the petitioner."""
    known = [key for one in petitioner if one and len(key := search_key(one)) >= _SHORTEST]
    reasons = []
    for field, text in texts.items():
        key = search_key(text)
        digits = re.sub(r"\D", "", text)
        if holds_a_number(text):
            reasons.append(Reason(field, "holds_a_number"))
        elif any(one in key for one in known) or any(
            len(number := re.sub(r"\D", "", one)) > _SHORTEST and number in digits for one in known
        ):
            reasons.append(Reason(field, "names_the_petitioner"))
    return reasons
