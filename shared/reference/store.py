"""The SQL that reads the reference data."""

from collections import defaultdict
from datetime import date, time
from decimal import Decimal

import asyncpg

from shared.domain.agencies import Agency, AgencyTree, Level
from shared.domain.lifecycle import Channel
from shared.domain.terms import Term, TermUnit
from shared.domain.working_calendar import CalendarDay, DayKind, Session, WorkingCalendar
from shared.reference.snapshot import DatedSessions, ProcedureVersion, Reference

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


async def read_revision(connection: Connection) -> tuple[int, int]:
    """The revisions of routing's and intake's reference data."""
    row = await connection.fetchrow(
        "SELECT coalesce((SELECT max(revision) FROM routing_revision), 0),"
        " coalesce((SELECT max(revision) FROM intake_revision), 0)"
    )
    assert row is not None
    return row[0], row[1]


async def read_reference(connection: Connection) -> Reference:
    """All of it, as of one snapshot of the database."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return Reference(
            agencies=await _agencies(connection),
            calendar=await _calendar(connection),
            procedures=await _procedures(connection),
            sessions=await _sessions(connection),
            revision=await read_revision(connection),
        )


async def _agencies(connection: Connection) -> AgencyTree:
    rows = await connection.fetch(
        "SELECT id, code, name, level, kind, parent_id, valid_from, valid_to, identification_code, sort_key, confirmed"
        " FROM agency"
    )
    successions = await connection.fetch("SELECT predecessor_id, successor_id FROM agency_succession")
    units = [Agency(row[0], row[1], row[2], Level(row[3]), *row[4:]) for row in map(tuple, rows)]
    return AgencyTree.of(units, [(row[0], row[1]) for row in successions])


async def _calendar(connection: Connection) -> WorkingCalendar:
    days = await connection.fetch("SELECT day, kind, name_vi, name_en, status = 'provisional' FROM calendar_day")
    years = await connection.fetch("SELECT year FROM calendar_year")
    return WorkingCalendar.of(
        [CalendarDay(row[0], DayKind(row[1]), row[2], row[3], row[4]) for row in days], [row[0] for row in years]
    )


async def _sessions(connection: Connection) -> dict[int | None, tuple[DatedSessions, ...]]:
    rows = await connection.fetch("SELECT agency_id, weekday, opens, closes, valid_from, valid_to FROM working_session")
    found: dict[int | None, list[DatedSessions]] = defaultdict(list)
    for row in rows:
        session = Session(row["opens"], row["closes"])
        found[row["agency_id"]].append(
            DatedSessions(row["agency_id"], row["weekday"], session, row["valid_from"], row["valid_to"])
        )
    return {key: tuple(value) for key, value in found.items()}


async def _procedures(connection: Connection) -> dict[str, tuple[ProcedureVersion, ...]]:
    versions = await connection.fetch(
        "SELECT v.id, p.code, v.name, v.sector, v.valid_from, v.valid_to, v.basis"
        " FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id ORDER BY p.code, v.valid_from"
    )
    offers: dict[int, dict[Level, date | None]] = defaultdict(dict)
    for row in await connection.fetch("SELECT version_id, level, valid_to FROM procedure_offer"):
        offers[row[0]][Level(row[1])] = row[2]
    terms: dict[int, dict[Channel, Term]] = defaultdict(dict)
    for row in await connection.fetch(
        "SELECT version_id, channel, value, unit, cutoff FROM procedure_term WHERE case_no = 1"
    ):
        terms[row[0]][Channel(row[1])] = _term(row[2], row[3], row[4])
    found: dict[str, list[ProcedureVersion]] = defaultdict(list)
    for row in versions:
        version = ProcedureVersion(
            row[0], row[1], row[2], row[3], row[4], row[5], offers[row[0]], terms[row[0]], row[6]
        )
        found[row[1]].append(version)
    return {code: tuple(listed) for code, listed in found.items()}


def _term(value: Decimal, unit: str, cutoff: time | None) -> Term:
    return Term(value, TermUnit(unit), cutoff)
