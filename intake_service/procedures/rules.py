"""What the published catalogue says of a procedure, and what is made of it: levels that handle it, terms per channel.

A receipt names one return day, so each channel needs one term that holds when nobody names a case: case 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from shared.domain.agencies import Level
from shared.domain.lifecycle import Channel
from shared.domain.terms import SAME_DAY_CUTOFF, Term, TermUnit

LAST_DAY_OF_DISTRICTS = date(2025, 6, 30)
PUBLISHED = "published in the national catalogue"
PUBLISHED_DISTRICT = "published for the district level, which ended on 2025-06-30"
ASSUMED_DISTRICT = (
    "assumed: before 2025-07-01 districts handled much of what communes handle now; the catalogue of then is not public"
)
NO_TERM = Term(Decimal(0), TermUnit.NONE)


@dataclass(frozen=True, slots=True)
class PublishedLine:
    """One line of the catalogue on a channel: a limit, or None where it names no unit. `verbatim`: as printed."""

    channel: Channel
    limit: Term | None
    verbatim: str


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An administrative level that handles a procedure, until `valid_to` (None: still)."""

    level: Level
    valid_to: date | None
    basis: str


@dataclass(frozen=True, slots=True)
class TermRow:
    """A term on a channel. Case 1 is what holds when nobody names a case."""

    channel: Channel
    case_no: int
    value: Decimal
    unit: TermUnit
    cutoff: time | None
    verbatim: str | None

    @property
    def term(self) -> Term:
        """The term as the reckoning knows it."""
        return Term(self.value, self.unit, self.cutoff)


@dataclass(frozen=True, slots=True)
class ProcedureRow:
    """A procedure with one version of it. `scope`: national, or the code of the province whose own it is."""

    code: str
    national_core: str
    publisher: str | None
    scope: str
    name: str
    sector: str
    issuer: str
    decision: str | None
    online_level: str | None
    valid_from: date | None
    valid_to: date | None
    basis: str
    offers: tuple[OfferRow, ...]
    terms: tuple[TermRow, ...]

    def term(self, channel: Channel) -> Term | None:
        """The term that holds on `channel` when nobody names a case; None where the channel is not offered."""
        return next((row.term for row in self.terms if row.channel is channel and row.case_no == 1), None)


@dataclass(frozen=True, slots=True)
class ProceduresLoaded:
    """What a load changed."""

    added: int
    changed: int
    offers: int
    terms: int

    @property
    def anything(self) -> bool:
        """Whether readers have to read again."""
        return bool(self.added or self.changed or self.offers or self.terms)


class BrokenProcedures(ValueError):
    """The list names a procedure twice."""


def need_distinct(procedures: Iterable[ProcedureRow]) -> None:
    """Raise BrokenProcedures unless each (code, valid_from) stands once."""
    seen: set[tuple[str, date | None]] = set()
    for row in procedures:
        if (row.code, row.valid_from) in seen:
            raise BrokenProcedures(f"procedure {row.code} is listed twice")
        seen.add((row.code, row.valid_from))


def offers_of(levels: Iterable[Level], *, national: bool) -> tuple[OfferRow, ...]:
    """At which levels agencies here handle a procedure. Another province's own procedure is handled by none."""
    if not national:
        return ()
    published = set(levels)
    rows = [OfferRow(level, None, PUBLISHED) for level in Level if level in published and level is not Level.DISTRICT]
    if Level.DISTRICT in published:
        rows.append(OfferRow(Level.DISTRICT, LAST_DAY_OF_DISTRICTS, PUBLISHED_DISTRICT))
    elif Level.COMMUNE in published:
        rows.append(OfferRow(Level.DISTRICT, LAST_DAY_OF_DISTRICTS, ASSUMED_DISTRICT))
    return tuple(rows)


def terms_of(channels: Iterable[Channel], general: Term | None, lines: Sequence[PublishedLine]) -> tuple[TermRow, ...]:
    """The terms on every offered channel: those of `channels`, and those that have a line.

    A channel's own limit wins over the procedure's `general` one. A channel offered without any known limit has the
    term "none": what the catalogue prints there stays readable, and no unit is guessed.
    """
    by_channel: Mapping[Channel, list[PublishedLine]] = {
        channel: [line for line in lines if line.channel is channel]
        for channel in Channel
        if channel in set(channels) or any(line.channel is channel for line in lines)
    }
    return tuple(row for channel, own in by_channel.items() for row in _terms_on(channel, general, own))


def with_cutoff(term: Term) -> Term:
    """A same-day term takes what is accepted from 15:00 on to the next working day, unless it says otherwise."""
    return Term(term.value, term.unit, SAME_DAY_CUTOFF) if term.unit is TermUnit.SAME_DAY else term


def _terms_on(channel: Channel, general: Term | None, lines: Sequence[PublishedLine]) -> list[TermRow]:
    """Case 1 first, then the other limits as printed, then lines that print a number without a unit.

    With several limits case 1 is the longest. The national formula does the same where no single term is known (it
    compares with the maximum), no agency is called late inside the term of a case nobody recorded, and the receiving
    officer who knows the case names it and so promises the shorter day.
    """
    limits: dict[Term, str | None] = {}
    for line in lines:
        if line.limit is not None:
            limits.setdefault(with_cutoff(line.limit), line.verbatim)
    if not limits:
        printed = "; ".join(dict.fromkeys(line.verbatim for line in lines)) or None
        term = with_cutoff(general) if general else NO_TERM
        return [_row(channel, 1, term, printed)]
    longest = max(limits, key=_length)  # the first printed of equals
    cases = [longest, *(term for term in limits if term != longest)]
    rows = [_row(channel, number, term, limits[term]) for number, term in enumerate(cases, 1)]
    bare = dict.fromkeys(line.verbatim for line in lines if line.limit is None and line.verbatim[:1].isdigit())
    return rows + [_row(channel, len(rows) + number, NO_TERM, text) for number, text in enumerate(bare, 1)]


def _row(channel: Channel, case_no: int, term: Term, verbatim: str | None) -> TermRow:
    return TermRow(channel, case_no, term.value, term.unit, term.cutoff, verbatim)


#: Calendar days to one unit, only to tell which of two terms in different units is longer.
_DAYS = {
    TermUnit.WORKING_DAY: Decimal(7) / 5,
    TermUnit.CALENDAR_DAY: Decimal(1),
    TermUnit.WORKING_HOUR: Decimal(7) / 40,
    TermUnit.MONTH: Decimal(30),
    TermUnit.SAME_DAY: Decimal(0),
    TermUnit.NONE: Decimal(0),
}


def _length(term: Term) -> Decimal:
    return term.value * _DAYS[term.unit]
