"""The verbs of sealed editions: seal, correct, list, read, compare, compute again."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from shared.contracts.editions import EditionIn, FindingName
from shared.contracts.stats import GroupingName
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Connection, Reading, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.problems import Problem, invalid
from stats_service.editions import rules, store
from stats_service.editions.rules import Change, Edition, Parameters, Position, Sealing
from stats_service.groupings.rules import SIDE_OF, Part, Splitter, checked_nesting
from stats_service.periods.rules import BEGINS_ON, Period, PeriodAsked
from stats_service.reports.usecases import Asked, Report, checked, resolution
from stats_service.units.rules import agency_at_the_end, as_they_were

#: A claim whose edition is not known yet.
_NONE_YET = ""


@dataclass(frozen=True, slots=True)
class Computed:
    """A report with the position at which it was computed, and what it was made from."""

    report: Report
    parameters: Parameters
    position: Position
    picture: bytes


async def seal(
    pool: asyncpg.Pool,
    reference: Reference,
    principal: Principal,
    asked: EditionIn,
    request: RequestKey | None,
    now: datetime,
) -> tuple[Edition, bool]:
    """Seal a report: (the edition, whether an earlier request had sealed it). It is computed in a transaction that
    only reads, and kept in one that waits for nobody while something is computed."""
    rules.checked_request(asked)
    question, parameters = _question(reference, principal, asked, now)
    async with pool.acquire() as connection:
        computed = await _computed(Reading(connection), reference, question, asked.parameters.groupings, parameters)
        async with connection.transaction():
            return await _kept(Writing(connection), principal, asked, computed, request, now)


def _question(reference: Reference, principal: Principal, asked: EditionIn, now: datetime) -> tuple[Asked, Parameters]:
    wanted = asked.parameters
    period = PeriodAsked(wanted.first, wanted.last, wanted.period, wanted.cut)
    try:
        checked_nesting(wanted.groupings)
        question = checked(reference, principal.scope, now, agency=wanted.agency, period=period)
    except Problem as problem:
        raise _within_parameters(problem) from problem
    cut = wanted.cut if "month" in wanted.groupings else "calendar"
    days = question.period
    return question, Parameters(question.agency.code, days.first, days.last, cut, wanted.group_by)


def _within_parameters(problem: Problem) -> Problem:
    """The refusal of a report, where its parameters are a part of a body."""
    reasons = (replace(reason, field=f"parameters.{reason.field}") for reason in problem.reasons)
    return Problem(problem.code, *reasons, headers=problem.headers)


async def _computed(
    connection: Reading,
    reference: Reference,
    question: Asked,
    group_by: Sequence[GroupingName],
    parameters: Parameters,
) -> Computed:
    """The report as reports compute it, and what that snapshot of the database sees."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        position = await store.position(connection)
        try:
            report = await resolution(connection, reference, question, group_by)
        except Problem as problem:
            raise _within_parameters(problem) from problem
        named = await store.procedures(connection) if _sides(group_by, "version") else {}
    picture = rules.picture_of(reference.agencies, question.agency, named)
    return Computed(report, parameters, position, picture)


def _sides(group_by: Sequence[GroupingName], *of: str) -> list[str]:
    """The sides of a cell that groupings look at, in order; of those that are named."""
    return sorted({side for name in group_by if (side := SIDE_OF[name]) and (not of or side in of)})


async def _kept(
    connection: Writing,
    principal: Principal,
    asked: EditionIn,
    computed: Computed,
    request: RequestKey | None,
    now: datetime,
) -> tuple[Edition, bool]:
    earlier = await claimed(connection, "stats", request, 201, _NONE_YET)
    if earlier is not None:
        return await read(connection, principal, int(earlier)), True
    corrected = None
    if asked.corrects is not None:
        found = await store.find(connection, asked.corrects, principal.scope)
        corrected = rules.checked_correction(found, asked.report, computed.parameters)
    sealing = Sealing(
        report=asked.report,
        format=rules.RESOLUTION_1,
        number=corrected.sealing.number + 1 if corrected else 1,
        parameters=computed.parameters,
        sealed_at=now,
        position=computed.position,
        picture=rules.digest(computed.picture),
        synthetic=computed.report.synthetic,
        note=asked.note,
        reason=asked.reason,
        corrected=corrected.sha256 if corrected else None,
    )
    agency = computed.report.asked.agency
    content = rules.resolution_1(sealing, agency.name, computed.report.total, computed.report.rows)
    if corrected and not rules.changes(await store.content(connection, corrected.id), content):
        raise invalid("corrects", "changes_nothing")
    made = store.Made(
        agency.id, principal.subject, sealing, corrected.id if corrected else None, rules.digest(content), content
    )
    number = await store.add(connection, made, computed.picture)
    if number is None:
        raise await _refused(connection, principal, asked, computed.parameters)
    await answered(connection, "stats", request, str(number))
    return await read(connection, principal, number), False


async def _refused(connection: Writing, principal: Principal, asked: EditionIn, parameters: Parameters) -> Problem:
    """Somebody has sealed or corrected it, before or at the same time."""
    if asked.corrects is not None:
        corrected = await store.find(connection, asked.corrects, principal.scope)
        if corrected is not None and corrected.corrected_by is not None:
            return rules.already_corrected(corrected.corrected_by)
    newest = await store.newest_of(connection, asked.report, parameters)
    return rules.already_sealed(newest) if newest is not None else Problem("conflict")


async def read(connection: Connection, principal: Principal, edition_id: int) -> Edition:
    """An edition that the asker may see."""
    found = await store.find(connection, edition_id, principal.scope)
    if found is None:
        raise Problem("not_found")
    return found


async def listed(
    connection: Reading, scope: frozenset[int], report: str | None, *, before: int | None, limit: int
) -> list[Edition]:
    """Editions of agencies, the newest first, from the one before an id on."""
    return await store.listed(connection, scope, report, before=before, limit=limit)


async def content(connection: Reading, edition: Edition) -> bytes:
    """Its bytes as sealed."""
    return await store.content(connection, edition.id)


async def changes(connection: Connection, edition: Edition) -> list[Change]:
    """What a correction changed; of a first edition nothing."""
    if edition.corrects is None:
        return []
    before = await store.content(connection, edition.corrects)
    return rules.changes(before, await store.content(connection, edition.id))


@dataclass(frozen=True, slots=True)
class Recomputed:
    """An edition computed again. sha256: None where it could not be. changes: from what is sealed to what is found."""

    findings: list[FindingName]
    sha256: bytes | None
    changes: list[Change]

    @property
    def equal(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


async def recompute(connection: Reading, edition: Edition) -> Recomputed:
    """Compute an edition again, from raw events and its picture alone, and compare it with what was sealed."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        sealed = await store.content(connection, edition.id)
        picture = await store.picture(connection, edition.sealing.picture)
        findings: list[FindingName] = [] if rules.digest(sealed) == edition.sha256 else ["content"]
        if picture is None or rules.digest(picture) != edition.sealing.picture:
            return Recomputed([*findings, "picture"], None, [])
        try:
            content = await _content_again(connection, edition.sealing, picture)
        except asyncpg.DataError:
            return Recomputed([*findings, "position"], None, [])
        except Problem:
            return Recomputed([*findings, "parameters"], None, [])
    if content == sealed:
        return Recomputed(findings, rules.digest(content), [])
    found: list[Change] = []
    with suppress(ValueError, KeyError, TypeError):  # what was sealed may be anything by now
        found = rules.changes(sealed, content)
    return Recomputed([*findings, "figures"], rules.digest(content), found)


async def _content_again(connection: Reading, sealing: Sealing, kept: bytes) -> bytes:
    """The bytes of an edition, as its events and its picture make them. asyncpg.DataError: its position is none.
    Problem: its picture does not hold its agency."""
    picture, told = rules.read_picture(kept), sealing.parameters
    group_by = told.groupings
    period = Period(told.first, told.last, BEGINS_ON[told.cut])
    agency = agency_at_the_end(picture.agencies, told.agency, told.last, frozenset(picture.agencies.by_id))
    landscape = as_they_were(picture.agencies, agency, told.last)
    months = list(period.months()) if "month" in group_by else []
    boundaries = [*(month.first for month in months or [period]), period.after]
    sides = _sides(group_by)
    cells = await store.sums_known(
        connection, sealing.position.snapshot, landscape.agencies, boundaries, sides, picture.procedures
    )
    whole = Part(cells, landscape.units, 0, len(boundaries) - 1)
    rows = Splitter(months, picture.procedures).rows(whole, group_by)
    return rules.resolution_1(sealing, agency.name, whole.figures(), rows)
