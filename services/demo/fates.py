"""Dossiers of the half-year before they have faces. A fate (on time, late, pending …) is chosen first, then a dossier
is drawn until one can meet it under the deadline account."""

from bisect import bisect, bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import NamedTuple

from services.demo.landscape import Landscape, Line
from shared.domain.civil_time import at, civil_day, end_of
from shared.domain.deadline import Account, Clock, Verdict, judged, moved, opened
from shared.domain.lifecycle import EventKind, Outcome
from shared.domain.regimes import Regimes
from shared.domain.terms import Term, TermUnit
from shared.domain.working_calendar import Sessions, WorkingCalendar

FIRST, LAST = date(2019, 1, 1), date(2019, 6, 30)
_CARRIED_FROM = date(2018, 10, 1)
_LAST_CALL = time(16, 45)


@dataclass(frozen=True, slots=True)
class Totals:
    """What the records add up to over [FIRST, LAST]."""

    carried_over: int
    received: int
    resolved_on_time: int
    resolved_late: int

    @property
    def count(self) -> int:
        """How many records."""
        return self.carried_over + self.received

    @property
    def pending(self) -> int:
        """How many are not finished at the end of LAST."""
        return self.count - self.resolved_on_time - self.resolved_late

    def scaled(self, divisor: int) -> "Totals":
        """The same half-year in small."""
        return Totals(
            self.carried_over // divisor,
            self.received // divisor,
            self.resolved_on_time // divisor,
            self.resolved_late // divisor,
        )


class Supplement(NamedTuple):
    """A request for what is missing, and when it was brought."""

    requested: datetime
    answered: datetime | None


class Draft(NamedTuple):
    """A dossier before it has a face."""

    accepted: datetime
    line: Line
    supplements: tuple[Supplement, ...] = ()
    finished: datetime | None = None
    outcome: Outcome | None = None


class Office:
    """When people are at work."""

    def __init__(self, calendar: WorkingCalendar, sessions: Sessions, regimes: Regimes) -> None:
        self.calendar = calendar
        self.sessions = sessions
        self.supplement = regimes.on(None, _CARRIED_FROM)  # one regime, Decree 61/2018, over all these days
        self._blocks: dict[date, list[tuple[datetime, datetime]]] = {}

    @cached_property
    def days(self) -> list[date]:
        """The working days from _CARRIED_FROM to the end of the following July."""
        span = (date(2019, 7, 31) - _CARRIED_FROM).days
        every = (_CARRIED_FROM + timedelta(days=n) for n in range(span + 1))
        return [day for day in every if self.calendar.is_working(day)]

    def between(self, first: date, last: date) -> list[date]:
        """The working days in [first, last]."""
        return self.days[bisect_left(self.days, first) : bisect(self.days, last)]

    def on(self, day: date, steps: int) -> date:
        """The working day `steps` after `day` (0: the day itself, which is one)."""
        return self.days[min(bisect_left(self.days, day) + steps, len(self.days) - 1)]

    def moment(self, rng: Random, day: date, after: datetime | None = None) -> datetime | None:
        """A second in the working time of `day`, later than `after`; None when there is too little left."""
        free = [
            (opens if after is None else max(opens, after + timedelta(minutes=1)), closes)
            for opens, closes in self._open(day)
            if after is None or after + timedelta(minutes=5) < closes
        ]
        whole = int(sum((closes - opens).total_seconds() for opens, closes in free))
        if whole <= 0:
            return None
        left = rng.randrange(whole)
        for opens, closes in free:
            length = int((closes - opens).total_seconds())
            if left < length:
                return opens + timedelta(seconds=left)
            left -= length
        return None

    def _open(self, day: date) -> list[tuple[datetime, datetime]]:
        found = self._blocks.get(day)
        if found is None:
            blocks = self.calendar.blocks(day, self.sessions)
            found = self._blocks[day] = [(at(day, block.opens), at(day, block.closes)) for block in blocks]
        return found


class Fates:
    """Draws dossiers that end as asked. Each `_…` method draws one, or None where it cannot end so."""

    def __init__(self, lines: Landscape, office: Office, rng: Random) -> None:
        self.lines = lines
        self.office = office
        self.rng = rng
        self._clocks: dict[Term, Clock] = {}
        self._last = office.between(FIRST, LAST)[-1]
        self._during = _Days(office.between(FIRST, LAST), _season)
        self._before = _Days(
            office.between(_CARRIED_FROM, FIRST - timedelta(days=1)), lambda day: 0.96 ** (FIRST - day).days
        )
        self._lately = _Days(office.between(FIRST, LAST), lambda day: 0.95 ** (LAST - day).days)

    def all(self, totals: Totals) -> Iterator[Draft]:
        """Drafts that add up to `totals`. How the pending ones divide is invented: the letter does not say."""
        old_pending = totals.carried_over * 35 // 1000
        old_late = min(totals.resolved_late // 9, totals.carried_over - old_pending)
        old_on_time = totals.carried_over - old_pending - old_late
        pending = totals.pending - old_pending
        overdue, waiting, answered = pending * 8 // 100, pending * 5 // 100, pending * 4 // 100
        gone = totals.resolved_on_time // 2000
        plan: Sequence[tuple[int, Callable[[], Draft | None]]] = (
            (old_on_time, lambda: self._on_time(self._before)),
            (old_late, lambda: self._late(self._before)),
            (old_pending - old_pending // 4, lambda: self._overdue(self._before)),
            (old_pending // 4, lambda: self._waiting(self._before)),
            (totals.resolved_on_time - old_on_time - gone, lambda: self._on_time(self._during)),
            (gone, self._gone),
            (totals.resolved_late - old_late, lambda: self._late(self._during)),
            (overdue, lambda: self._overdue(self._lately)),
            (waiting, lambda: self._waiting(self._lately)),
            (answered, self._answered),
            (pending - overdue - waiting - answered, self._in_term),
        )
        for count, draw in plan:
            made = 0
            while made < count:
                draft = draw()
                if draft is not None:
                    made += 1
                    yield draft

    def _accepted(self, days: "_Days") -> tuple[Draft, Account] | None:
        day = days.draw(self.rng)
        instant = self.office.moment(self.rng, day)
        line = self.lines.draw(self.rng)
        if instant is None or instant > at(day, _LAST_CALL):
            return None
        draft = Draft(instant, line)
        return draft, opened(instant, self._clock(line))

    def _on_time(self, days: "_Days") -> Draft | None:
        found = self._accepted(days)
        if found and self.rng.random() < 0.045:
            found = self._supplemented(*found) or found
        if not found:
            return None
        draft, account = found
        finished = self._in_time(draft, account)
        outcome = self.rng.choices((Outcome.GRANTED, Outcome.REFUSED, Outcome.WITHDRAWN), (977, 17, 6))[0]
        return self._finished(draft, account, finished, outcome, late=False)

    def _late(self, days: "_Days") -> Draft | None:
        found = self._accepted(days)
        if found and self.rng.random() < 0.08:
            found = self._supplemented(*found) or found
        if not found:
            return None
        draft, account = found
        due = account.due
        assert due is not None
        if draft.line.term.unit is TermUnit.WORKING_HOUR and self.rng.random() < 0.6:
            over = timedelta(minutes=self.rng.randrange(10, 16 * 60))
            finished: datetime | None = self.office.calendar.add_working_time(due.at, over, self.office.sessions)
        else:
            over_days = min(40, 1 + int(self.rng.expovariate(1 / 5)))
            finished = self.office.moment(self.rng, self.office.on(due.day, over_days))
        outcome = Outcome.REFUSED if self.rng.random() < 0.012 else Outcome.GRANTED
        return self._finished(draft, account, finished, outcome, late=True)

    def _gone(self) -> Draft | None:
        """Withdrawn, or stopped by the agency, while the applicant was asked to supplement."""
        found = self._asked(self._during)
        if not found:
            return None
        draft, account = found
        requested = draft.supplements[-1].requested
        day = self.office.on(civil_day(requested), self.rng.randrange(1, 30))
        outcome = self.rng.choice((Outcome.WITHDRAWN, Outcome.STOPPED))
        return self._finished(draft, account, self.office.moment(self.rng, day), outcome, late=False)

    def _overdue(self, days: "_Days") -> Draft | None:
        found = self._accepted(days)
        if not found:
            return None
        draft, account = found
        due = account.due  # what was due before the half-year was settled long ago
        return draft if due and due.day >= FIRST and due.late_from < end_of(LAST) else None

    def _in_term(self) -> Draft | None:
        found = self._accepted(self._lately)
        if not found:
            return None
        draft, account = found
        return draft if account.due and account.due.late_from > end_of(LAST) else None

    def _waiting(self, days: "_Days") -> Draft | None:
        found = self._asked(days)
        return found[0] if found else None

    def _answered(self) -> Draft | None:
        found = self._accepted(self._lately)
        found = self._supplemented(*found) if found else None
        if not found:
            return None
        draft, account = found
        return draft if account.due and account.due.late_from > end_of(LAST) else None

    def _asked(self, days: "_Days") -> tuple[Draft, Account] | None:
        found = self._accepted(days)
        return self._request(*found) if found else None

    def _request(self, draft: Draft, account: Account) -> tuple[Draft, Account] | None:
        """A request within 3 working days of reception (Decree 61/2018 art. 19(4)), and before the term ends."""
        since = draft.supplements[-1].answered if draft.supplements else draft.accepted
        if since is None or account.due is None:
            return None
        day = self.office.on(civil_day(since), self.rng.randrange(0, 4))
        requested = self.office.moment(self.rng, day, since)
        if requested is None or day > self._last or requested >= account.due.at:
            return None
        after = moved(account, EventKind.SUPPLEMENT_REQUESTED, requested, self._clock(draft.line))
        return draft._replace(supplements=(*draft.supplements, Supplement(requested, None))), after

    def _supplemented(self, draft: Draft, account: Account) -> tuple[Draft, Account] | None:
        """Asked, and brought some days later; a few are asked once more."""
        asked = self._request(draft, account)
        if asked is None:
            return None
        draft, account = asked
        requested = draft.supplements[-1].requested
        day = self.office.on(civil_day(requested), min(20, int(self.rng.expovariate(1 / 4))))
        answered = self.office.moment(self.rng, day, requested)
        if answered is None or day > self._last:
            return None
        draft = draft._replace(supplements=(*draft.supplements[:-1], Supplement(requested, answered)))
        account = moved(account, EventKind.SUPPLEMENTED, answered, self._clock(draft.line))
        if len(draft.supplements) == 1 and self.rng.random() < 0.05:
            return self._supplemented(draft, account) or (draft, account)
        return draft, account

    def _in_time(self, draft: Draft, account: Account) -> datetime | None:
        """An instant within the term: half of the days on the last, the others spread, most towards the end."""
        due = account.due
        assert due is not None
        since = draft.accepted
        if draft.supplements and draft.supplements[-1].answered:
            since = draft.supplements[-1].answered
        calendar, sessions = self.office.calendar, self.office.sessions
        if draft.line.term.unit is TermUnit.WORKING_HOUR:
            whole = calendar.working_time_between(since, due.at, sessions)
            used = timedelta(seconds=int(whole.total_seconds() * self.rng.uniform(0.2, 1)))
            return calendar.add_working_time(since, used, sessions) if used else None
        days = self.office.between(max(civil_day(since), FIRST), due.day)
        if not days:
            return None
        back = 0 if self.rng.random() < 0.3 else int(len(days) * self.rng.random() ** 1.6)
        return self.office.moment(self.rng, days[-1 - back], since)

    def _finished(
        self, draft: Draft, account: Account, finished: datetime | None, outcome: Outcome, *, late: bool
    ) -> Draft | None:
        """The draft with its end, if the end lies in the half-year and the account judges it as asked."""
        if finished is None or not FIRST <= civil_day(finished) <= LAST:
            return None
        if (judged(account.due, finished) is Verdict.LATE) is not late:
            return None
        return draft._replace(finished=finished, outcome=outcome)

    def _clock(self, line: Line) -> Clock:
        found = self._clocks.get(line.term)
        if found is None:
            office = self.office
            found = self._clocks[line.term] = Clock(line.term, office.calendar, office.sessions, office.supplement)
        return found


class _Days:
    """Days, drawn by weight."""

    def __init__(self, days: Sequence[date], weight: Callable[[date], float]) -> None:
        self._days = days
        self._sums = list(accumulate(weight(day) for day in days))

    def draw(self, rng: Random) -> date:
        """A day, as often as its weight says."""
        return self._days[bisect(self._sums, rng.random() * self._sums[-1])]


def _season(day: date) -> float:
    """Fewer people come around Tết (5 February 2019), more on Mondays and towards the summer."""
    months = {1: 0.95, 2: 0.9, 3: 1.05, 4: 1.0, 5: 1.05, 6: 1.1}
    weight = months[day.month] * (1.15 if day.weekday() == 0 else 1.0)
    if date(2019, 1, 28) <= day <= date(2019, 2, 15):
        weight *= 0.45
    return weight
