"""What one can ask of official tables: each is made of the resolution report, in one snapshot of the database."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from shared.contracts.definitions import OnTimeDefinition
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Connection, Reading
from shared.web.problems import Problem, invalid
from stats_service.definitions.rules import DEFINITION
from stats_service.exports.rules import Provenance
from stats_service.exports.table import Filled, Row, Table
from stats_service.official_tables import rules, store
from stats_service.official_tables.rules import Late, OfficialForm, OfficialFormsLoaded, Subject
from stats_service.on_time.rules import BY_ID
from stats_service.reports import usecases as reports
from stats_service.reports.usecases import Asked, Report

#: The definition that shows what waits in term and overdue apart: with it the report counts the latter.
_PAUSED_APART = BY_ID["decision-766-columns"].model_copy(update={"counts": ["pending_paused_overdue"]})
#: Where the list of what is late begins.
BEGINNING = (-1, date.min, 0)


async def load_official_forms(connection: Connection, given: Sequence[OfficialForm]) -> OfficialFormsLoaded:
    """Bring the forms to what the list says; what an operator entered stays. The same list twice changes nothing."""
    return OfficialFormsLoaded(await store.set_forms(connection, given))


async def forms(connection: Reading) -> list[OfficialForm]:
    """The forms that there are."""
    return await store.forms(connection)


async def enter_form(
    connection: Connection, principal: Principal, form: OfficialForm, tag: str | None, *, must_stand: bool
) -> None:
    """Enter a form, or replace the one of that name: the one that was read, where `tag` says which; any, where only one
    that stands is to be replaced. It is every agency's, so it is not for the admin of one of them."""
    principal.need_whole_installation()
    if len(form.headings) != rules.HEADINGS:
        raise invalid("headings", "headings_count", limit=rules.HEADINGS)
    if form.valid_from and form.valid_to and form.valid_to < form.valid_from:
        raise invalid("valid_to", "period_reversed")
    standing = await store.form_to_replace(connection, form.form)
    if (must_stand and standing is None) or (tag is not None and standing is not None and tag != standing.tag):
        raise Problem("version_changed")
    await store.enter_form(connection, form, principal.subject)


async def form_named(connection: Reading, form: str) -> OfficialForm:
    """The form of that name, or the Problem that there is none."""
    forms = await store.forms(connection)
    found = next((one for one in forms if one.form == form), None)
    if found is None:
        raise invalid("form", "unknown_form", expected=", ".join(one.form for one in forms))
    return found


def needed(awaiting_column: int | None) -> OnTimeDefinition | None:
    """By which definition the report must count, for what waits in term to be told apart."""
    return _PAUSED_APART if awaiting_column == 9 else None


@dataclass(frozen=True, slots=True)
class Official:
    """A table with what JSON says beside it: where its figures come from, and its lines as they were counted."""

    filled: Filled
    provenance: Provenance
    subjects: Sequence[Subject]
    header: rules.Header | None = None


async def ii_06a(
    connection: Reading,
    reference: Reference,
    asked: Asked,
    *,
    form: str,
    receiver: str | None,
    awaiting_column: int,
    by_sector: bool,
) -> Official:
    """The table of 13 columns. receiver: None for the unit above, or whom the form names for a province."""
    found = await form_named(connection, form)
    report = await reports.resolution(
        *(connection, reference, asked, ("sector",) if by_sector else ("agency",)), needed(awaiting_column)
    )
    subjects = _subjects(report, by_sector=by_sector, awaiting_apart=awaiting_column == 9)
    above = reports.superior(reference, asked)
    header = rules.Header(asked.agency.name, above, receiver or above or found.receiver, found, awaiting_column)
    came = _provenance(asked, synthetic=report.synthetic)
    return Official(rules.ii_06a(subjects, header, came, by_sector=by_sector), came, subjects, header)


async def annex(connection: Reading, reference: Reference, asked: Asked) -> Official:
    """The annex of the letter."""
    report = await reports.resolution(connection, reference, asked, ("agency",))
    subjects = _subjects(report)
    came = _provenance(asked, synthetic=report.synthetic)
    return Official(rules.annex(subjects, asked.agency.name, reports.superior(reference, asked), came), came, subjects)


@dataclass(frozen=True, slots=True)
class LateList:
    """Appendix I without its rows: how many there are, and whose."""

    table: Table
    provenance: Provenance
    units: Sequence[Subject]

    @property
    def dossiers(self) -> int:
        """The length of the list."""
        return sum(rules.late_count(unit.figures) for unit in self.units)


async def late_list(connection: Reading, reference: Reference, asked: Asked) -> LateList:
    """Appendix I. For its rows stay in the same transaction (repeatable read): then they are as many as it says."""
    report = await reports.resolution(connection, reference, asked, ("agency",))
    units = [one for one in _subjects(report) if rules.late_count(one.figures)]
    came = _provenance(asked, synthetic=report.synthetic)
    table = rules.late_table(units, asked.agency.name, reports.superior(reference, asked), came)
    return LateList(table, came, units)


async def late_page(
    connection: Reading, asked: Asked, after: tuple[int, date, int], limit: int
) -> list[asyncpg.Record]:
    """Late dossiers after one of them."""
    return await store.late_page(connection, asked.seen(), _placed(asked), after, limit)


async def late_rows(
    connection: Reading, reference: Reference, asked: Asked, made: LateList
) -> AsyncIterator[list[Row]]:
    """All rows of Appendix I, so many at a time."""
    number = 0
    liner = Liner(reference, asked, made)
    async for some in store.late_all(connection, asked.seen(), _placed(asked), BEGINNING):
        yield [liner.row(number + n, row) for n, row in enumerate(some, start=1)]
        number += len(some)


class Liner:
    """Makes rows of Appendix I of records."""

    def __init__(self, reference: Reference, asked: Asked, made: LateList) -> None:
        self._calendar = reference.calendar
        self._units = asked.landscape.units
        self._names = {unit.key: unit.name for unit in made.units}
        self._last = min(asked.period.last, civil_day(asked.known_at))

    def row(self, number: int, record: asyncpg.Record) -> Row:
        """The row with its number in the list."""
        unit = self._units[record["place"]]
        late = Late(
            record["code"],
            record["received_day"],
            record["due_day"],
            record["finished_day"],
            unit.key,
            self._names[unit.key],
        )
        return rules.late_row(number, late, self._calendar, self._last)


def _subjects(report: Report, *, by_sector: bool = False, awaiting_apart: bool = False) -> list[Subject]:
    units, names = report.asked.landscape.units, report.printed_names()
    return rules.subjects_of(report.rows, units, names, by_sector=by_sector, awaiting_apart=awaiting_apart)


def _placed(asked: Asked) -> store.Placed:
    landscape = asked.landscape
    place = {unit.agency.id: n for n, unit in enumerate(landscape.units)}
    heirs = list(landscape.heirs)
    return store.Placed(
        [place[landscape.place(agency)] for agency in landscape.agencies],
        list(landscape.open),
        heirs,
        [place[landscape.heirs[heir]] for heir in heirs],
    )


def _provenance(asked: Asked, *, synthetic: bool) -> Provenance:
    period = asked.period
    return Provenance(
        *(asked.agency.code, period.first, period.last, asked.as_of, asked.known_at, DEFINITION, synthetic),
        asked.restated_on,
    )
