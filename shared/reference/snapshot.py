"""One consistent picture of the reference data, immutable: a request works on the picture it began with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from shared.domain.agencies import AgencyTree, Level
from shared.domain.deadline import Clock
from shared.domain.lifecycle import Channel
from shared.domain.national import Compare
from shared.domain.regimes import Regimes
from shared.domain.terms import Term
from shared.domain.working_calendar import DEFAULT_SESSIONS, Session, Sessions, WorkingCalendar

#: What holds when nobody names a case.
FIRST_CASE = 1
#: How many days of sessions a picture remembers.
_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class ProcedureVersion:
    """A procedure as it stood in a period. `offers`: level → last day on which that level handles it (None: still).
    `terms`: channel → term when nobody names a case; a channel that is missing is not offered. `cases`: channel → case
    → term. `core`: its national number."""

    id: int
    code: str
    name: str
    sector: str
    valid_from: date | None
    valid_to: date | None
    offers: Mapping[Level, date | None]
    terms: Mapping[Channel, Term]
    basis: str = ""
    core: str | None = None
    cases: Mapping[Channel, Mapping[int, Term]] = field(default_factory=dict)

    def term(self, channel: Channel, case: int) -> Term:
        """The term of a case; where a correction left a case that this channel does not list, what holds when nobody
        names one. KeyError: the channel is not offered."""
        return self.cases.get(channel, {}).get(case) or self.terms[channel]

    @property
    def all_terms(self) -> frozenset[Term]:
        """Of every channel and case."""
        listed = {term for by_case in self.cases.values() for term in by_case.values()}
        return frozenset({*self.terms.values(), *listed})

    def in_force(self, day: date) -> bool:
        """Whether this version held on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def offered_at(self, level: Level, day: date) -> bool:
        """Whether agencies of `level` handled it on `day`."""
        return level in self.offers and ((until := self.offers[level]) is None or day <= until)


@dataclass(frozen=True, slots=True)
class DatedSessions:
    """Working sessions of one agency (None: the installation's default) in a period."""

    agency_id: int | None
    weekday: int
    session: Session
    valid_from: date | None
    valid_to: date | None

    def in_force(self, day: date) -> bool:
        """Whether these hours held on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Reference:
    """Agencies, calendar, sessions, procedures and supplement rules as of one reading of the database. national: how
    the national scoring holds an end against a date, as the installation takes it."""

    agencies: AgencyTree
    calendar: WorkingCalendar
    procedures: Mapping[str, tuple[ProcedureVersion, ...]]
    sessions: Mapping[int | None, tuple[DatedSessions, ...]]
    regimes: Regimes = field(default_factory=Regimes)
    revision: tuple[int, int] = (0, 0)
    national: Compare = Compare.INSTANT
    versions: Mapping[int, ProcedureVersion] = field(init=False, repr=False)
    _sessions_seen: dict[tuple[int | None, date], Sessions | None] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        by_id = {version.id: version for versions in self.procedures.values() for version in versions}
        object.__setattr__(self, "versions", by_id)

    @property
    def loaded(self) -> bool:
        """Whether there is anything to work with: agencies, a calendar and procedures."""
        return bool(self.agencies.by_id and self.calendar.years and self.procedures)

    @cached_property
    def sectors(self) -> frozenset[str]:
        """The sectors (lĩnh vực) that procedures are or were of."""
        return frozenset(version.sector for version in self.versions.values())

    def procedure_on(self, code: str, day: date) -> ProcedureVersion | None:
        """The version of a procedure in force on `day`."""
        return next((version for version in self.procedures.get(code, ()) if version.in_force(day)), None)

    def procedures_on(self, day: date) -> dict[str, ProcedureVersion]:
        """The versions of all procedures in force on `day`, by code."""
        found = {code: self.procedure_on(code, day) for code in self.procedures}
        return {code: version for code, version in found.items() if version is not None}

    def sessions_of(self, agency_id: int, day: date) -> Sessions:
        """An agency's working hours on `day`: its own, else the installation's, else the usual ones of the field."""
        return (self._sessions_on(agency_id, day) if agency_id in self.sessions else None) or (
            self._sessions_on(None, day) or DEFAULT_SESSIONS
        )

    def clock(
        self, version: ProcedureVersion, channel: Channel, agency_id: int, day: date, case: int = FIRST_CASE
    ) -> Clock:
        """What the deadline account needs for a dossier accepted on `day`. KeyError: the channel is not offered."""
        rule = self.regimes.on(version.core, day)
        term = version.terms[channel] if case == FIRST_CASE else version.term(channel, case)
        return Clock(term, self.calendar, self.sessions_of(agency_id, day), rule)

    def _sessions_on(self, agency_id: int | None, day: date) -> Sessions | None:
        key = (agency_id, day)
        if key not in self._sessions_seen:
            if len(self._sessions_seen) >= _REMEMBERED:  # bounded: an import of many years does not grow the process
                self._sessions_seen.clear()
            self._sessions_seen[key] = _week_of(self._rows(agency_id, day))
        return self._sessions_seen[key]

    def _rows(self, agency_id: int | None, day: date) -> list[DatedSessions]:
        return [row for row in self.sessions.get(agency_id, ()) if row.in_force(day)]


def _week_of(rows: list[DatedSessions]) -> Sessions | None:
    if not rows:
        return None
    ordered = sorted(rows, key=lambda row: row.session.opens)
    return Sessions({day: tuple(row.session for row in ordered if row.weekday == day) for day in range(7)})
