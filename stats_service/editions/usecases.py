"""The verbs of sealed editions: seal, correct, list, read, compare, compute again."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from shared.contracts.editions import EditionIn
from shared.contracts.stats import GroupingName
from shared.domain.differences import Difference, Span
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.checks import NOTHING, RANGE, Check
from shared.web.database import Connection, Reading, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.problems import Problem, invalid
from stats_service.editions import rules, store
from stats_service.editions.rules import Change, Edition, Finding, Moved, Parameters, Plan, Position, Sealing
from stats_service.groupings.rules import checked_nesting
from stats_service.periods.rules import PeriodAsked
from stats_service.reports.usecases import Asked, Report, checked, resolution

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
        named = await store.procedures(connection) if "version" in rules.sides_of(group_by) else {}
    picture = rules.picture_of(reference.agencies, question.agency, named)
    return Computed(report, parameters, position, picture)


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
    """An edition computed again. content: None where it could not be. changes: from what is sealed to what is found."""

    findings: list[Finding]
    content: bytes | None
    changes: list[Change]

    @property
    def equal(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


class Recount:
    """An edition that is being computed again: from its picture, and from the events of any ranges of dossiers that
    are each counted once."""

    def __init__(self, edition: Edition, picture: bytes | None) -> None:
        self.edition = edition
        self._findings: list[Finding] = []
        self._plan: Plan | None = None
        position, digest = edition.sealing.position, edition.sealing.picture
        found = rules.digest(picture) if picture is not None else None
        if picture is None or found != digest:
            self._findings.append(Finding("picture", digest.hex(), found.hex() if found else None))
        else:
            self._plan = rules.plan_of(edition, rules.read_picture(picture))
            if self._plan is None:
                self._findings.append(Finding("parameters", None, edition.sealing.parameters.stored))
            elif not rules.is_snapshot(position.snapshot):
                self._plan = None
                self._findings.append(Finding("position", None, position.snapshot))
        self._moved = Moved(len(self._plan.boundaries) if self._plan else 0)

    async def count(self, connection: Connection, span: Span) -> None:
        """Count the events of a range of dossiers."""
        if self._plan is not None:
            async for moved in store.moves_known(connection, self._plan, self.edition.sealing.position.snapshot, span):
                self._moved.add(*moved)

    async def compared(self, connection: Connection) -> Recomputed:
        """What was counted, beside what was sealed."""
        sealed = await store.content(connection, self.edition.id)
        findings, digest = list(self._findings), rules.digest(sealed)
        if digest != self.edition.sha256:
            findings.insert(0, Finding("content", self.edition.sha256.hex(), digest.hex()))
        if self._plan is None:
            return Recomputed(findings, None, [])
        content = self._plan.content(self.edition.sealing, self._moved.sums())
        if content == sealed:
            return Recomputed(findings, content, [])
        findings.append(Finding("figures", rules.digest(content).hex(), digest.hex()))
        try:
            return Recomputed(findings, content, rules.changes(sealed, content))
        except (ValueError, KeyError, TypeError):  # what was sealed may be anything by now
            return Recomputed(findings, content, [])


async def recompute(connection: Reading, edition: Edition) -> Recomputed:
    """Compute an edition again, from raw events and its picture alone, and compare it with what was sealed."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        recount = Recount(edition, await store.picture(connection, edition.sealing.picture))
        for span in rules.spans(await store.last_dossier(connection), RANGE):
            await recount.count(connection, span)
        return await recount.compared(connection)


class Editions(Check):
    """Every sealed edition, computed again, is what was sealed; its bytes and its picture are of their hashes."""

    role = "motcua_stats"

    def __init__(self) -> None:
        super().__init__()
        self._recounts: list[Recount] = []

    async def begin(self, connection: Connection) -> None:
        """All editions, each with its picture; those of one picture share it."""
        pictures: dict[bytes, bytes | None] = {}
        for edition in await store.every(connection):
            digest = edition.sealing.picture
            if digest not in pictures:
                pictures[digest] = await store.picture(connection, digest)
            self._recounts.append(Recount(edition, pictures[digest]))
        self.seen["editions"] = len(self._recounts)

    async def look(self, connection: Connection, span: Span) -> AsyncIterator[Difference]:
        """Count a range for each; what it comes to shows at the end."""
        for recount in self._recounts:
            await recount.count(connection, span)
        for nothing in NOTHING:
            yield nothing

    async def conclude(self, connection: Connection) -> AsyncIterator[Difference]:
        """What was counted, beside what was sealed: each figure that differs, or else that the bytes do."""
        for recount in self._recounts:
            found = await recount.compared(connection)
            for finding in found.findings:
                if finding.name != "figures" or not found.changes:
                    yield Difference("edition", finding.name, _where(recount.edition), finding.expected, finding.found)
            for change in found.changes:
                place = [_where(recount.edition), *change.within, change.key or "total", change.figure or ""]
                told = (_told(change.after, change, "gone"), _told(change.before, change, "came"))
                yield Difference("edition", "figures", " · ".join(filter(None, place)), *told)


def _where(edition: Edition) -> str:
    told = edition.sealing.parameters
    return f"#{edition.id} · {edition.sealing.report} · {told.agency} · {told.first} – {told.last}"


def _told(value: object, change: Change, nothing_if: str) -> str | None:
    """A figure; of a whole row, its key."""
    if change.kind == "changed":
        return None if value is None else str(value)
    return None if change.kind == nothing_if else change.key
