"""The SQL that reads the reference data."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from functools import lru_cache

import asyncpg

from shared.domain.agencies import Agency, AgencyTree, Level
from shared.domain.lifecycle import Channel
from shared.domain.national import Compare
from shared.domain.regimes import Lapse, Regime, Regimes, SupplementEffect, SupplementRule
from shared.domain.terms import Term, TermUnit
from shared.domain.working_calendar import CalendarDay, DayKind, Session, WorkingCalendar
from shared.reference.snapshot import FIRST_CASE, DatedSessions, ProcedureVersion, Reference

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

# Thousands of versions are offered by the same levels in the same terms. What is equal is put together by the server
# and read once: the loop of a process stands for 40 ms, not for 75, and there is one object of each.
_VERSIONS = """
SELECT v.id, p.code, v.name, v.sector, v.valid_from, v.valid_to, v.basis, p.national_core, offered.listed, timed.listed
FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id
LEFT JOIN (
  SELECT version_id, string_agg(concat_ws(' ', level, to_char(valid_to, 'YYYY-MM-DD')), ',' ORDER BY level) AS listed
  FROM procedure_offer GROUP BY version_id
) offered ON offered.version_id = v.id
LEFT JOIN (
  SELECT version_id,
    string_agg(concat_ws(' ', channel, case_no, value, unit, cutoff), ',' ORDER BY case_no, channel) AS listed
  FROM procedure_term GROUP BY version_id
) timed ON timed.version_id = v.id
ORDER BY p.code, v.valid_from
"""


async def read_revision(connection: Connection) -> tuple[int, int]:
    """The revisions of routing's and intake's reference data."""
    row = await connection.fetchrow(
        "SELECT coalesce((SELECT max(revision) FROM routing_revision), 0),"
        " coalesce((SELECT max(revision) FROM intake_revision), 0)"
    )
    assert row is not None
    return row[0], row[1]


async def read_reference(connection: Connection, national: Compare = Compare.INSTANT) -> Reference:
    """All of it, as of one snapshot of the database. national: a setting, see Reference."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return Reference(
            agencies=await _agencies(connection),
            calendar=await _calendar(connection),
            procedures=await _procedures(connection),
            sessions=await _sessions(connection),
            regimes=await _regimes(connection),
            revision=await read_revision(connection),
            national=national,
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
    found: dict[str, list[ProcedureVersion]] = defaultdict(list)
    for row in await connection.fetch(_VERSIONS):
        offers, (terms, cases) = _offers(row[8]), _terms(row[9])
        found[row[1]].append(
            ProcedureVersion(row[0], row[1], row[2], row[3], row[4], row[5], offers, terms, row[6], row[7], cases)
        )
    return {code: tuple(listed) for code, listed in found.items()}


@lru_cache(maxsize=256)
def _offers(listed: str | None) -> Mapping[Level, date | None]:
    offers: dict[Level, date | None] = {}
    for level, *until in _words(listed):
        offers[Level(level)] = date.fromisoformat(until[0]) if until else None
    return offers


@lru_cache(maxsize=4096)
def _terms(listed: str | None) -> tuple[Mapping[Channel, Term], Mapping[Channel, Mapping[int, Term]]]:
    """Of each channel when nobody names a case, and of each case."""
    cases: dict[Channel, dict[int, Term]] = defaultdict(dict)
    for channel, case, value, unit, *cutoff in _words(listed):
        until = time.fromisoformat(cutoff[0]) if cutoff else None
        cases[Channel(int(channel))][int(case)] = Term(Decimal(value), TermUnit(unit), until)
    terms = {channel: by_case[FIRST_CASE] for channel, by_case in cases.items() if FIRST_CASE in by_case}
    return terms, dict(cases)


def _words(listed: str | None) -> list[list[str]]:
    return [line.split(" ") for line in listed.split(",")] if listed else []


async def _regimes(connection: Connection) -> Regimes:
    """The rules that hold: those that another took the place of stay in the table and are not read."""
    rows = await connection.fetch(
        "SELECT effect, request_limit, ask_within, answer_value, answer_unit, submission_value, submission_unit, lapse,"
        " notice, regime, citation, confirmed, valid_from, valid_to, procedure_core FROM supplement_rule"
        " WHERE NOT replaced ORDER BY valid_from DESC NULLS LAST"
    )
    return Regimes(
        Regime(
            SupplementRule(
                effect=SupplementEffect(row["effect"]),
                limit=row["request_limit"],
                ask_within=row["ask_within"],
                answer_within=_answer(row["answer_value"], row["answer_unit"]),
                submission_within=_answer(row["submission_value"], row["submission_unit"]),
                lapse=Lapse(row["lapse"]),
                notice=row["notice"] or "",
                regime=row["regime"],
                citation=row["citation"],
                confirmed=row["confirmed"],
            ),
            row["valid_from"],
            row["valid_to"],
            row["procedure_core"],
        )
        for row in rows
    )


def _answer(value: Decimal | None, unit: str | None) -> Term | None:
    return Term(value, TermUnit(unit)) if value is not None and unit is not None else None
