"""The verbs of sealed editions: seal, correct, list, read, compare, compute again."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from shared.contracts.editions import ChangeCounts, EditionIn
from shared.domain.differences import Difference, Span
from shared.press.threads import worked_out
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.checks import NOTHING, RANGE, Check
from shared.web.database import EVERY_ROW, Connection, Pool, Reading, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.problems import Problem, Reason, invalid
from stats_service.edition_chain.rules import Anchor, differences
from stats_service.edition_chain.usecases import alone, linked, links
from stats_service.editions import printing, rules, store
from stats_service.editions.changes import Change, differing
from stats_service.editions.formats import FORMATS, Counted, written
from stats_service.editions.movements import Movements, Question, Standing
from stats_service.editions.pictures import Picture, picture_of, read_picture
from stats_service.editions.positions import Snapshot, orders, read_snapshot
from stats_service.editions.recounting import Plan, plan_of, sides_of, spans
from stats_service.editions.rules import Edition, Finding, Parameters, Position, Sealing
from stats_service.exports.table import Filled
from stats_service.groupings.rules import checked_nesting
from stats_service.official_tables import usecases as official_tables
from stats_service.official_tables.rules import BrokenTable, OfficialForm
from stats_service.periods.rules import PeriodAsked
from stats_service.reports.usecases import Asked, Report, checked, resolution, superior

#: A claim whose edition is not known yet.
_NONE_YET = ""
#: About as much is said of one.
_BYTES_A_ROW = 500
#: How much corrections changed, by the hashes of both editions: neither ever changes, and of great ones it takes a
#: second and a hundred megabytes to work it out.
_known_changes: dict[tuple[bytes, bytes], ChangeCounts] = {}
_MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Computed:
    """A report with the position at which it was computed, and what it was made from."""

    report: Report
    parameters: Parameters
    position: Position
    picture: Picture
    stored_picture: bytes


async def seal(
    pool: Pool,
    reference: Reference,
    principal: Principal,
    asked: EditionIn,
    request: RequestKey | None,
    now: datetime,
    awaiting_column: int,
) -> tuple[Edition, bool]:
    """Seal a report: (the edition, whether an earlier request had sealed it). It is computed in a transaction that
    only reads, and kept in one that waits for nobody while something is computed. awaiting_column: that of the
    installation, where none is asked for."""
    rules.checked_request(asked)
    question = _question(reference, principal, asked, now)
    async with pool.acquire(EVERY_ROW) as connection:
        computed = await _computed(Reading(connection), reference, question, asked, awaiting_column)
        async with connection.transaction():
            return await _kept(Writing(connection), principal, asked, computed, request, now)


def _question(reference: Reference, principal: Principal, asked: EditionIn, now: datetime) -> Asked:
    wanted = asked.parameters
    period = PeriodAsked(wanted.first, wanted.last, wanted.period, wanted.cut)
    try:
        checked_nesting(wanted.groupings)
        return checked(reference, principal.scope, now, agency=wanted.agency, period=period)
    except Problem as problem:
        raise _within_parameters(problem) from problem


def _parameters(
    reference: Reference, question: Asked, asked: EditionIn, form: OfficialForm | None, awaiting_column: int
) -> Parameters:
    """What was asked, with all chosen that was left open."""
    wanted, days = asked.parameters, question.period
    whose = (asked.report, question.agency.code, days.first, days.last)
    if form is not None:
        receiver = wanted.receiver or superior(reference, question) or form.receiver
        column = wanted.awaiting_supplement_column or awaiting_column
        return Parameters(*whose, wanted.rows or "agency", "calendar", form.form, column, receiver)
    if asked.report == "annex":
        return Parameters(*whose, "agency")
    return Parameters(*whose, wanted.group_by, wanted.cut if "month" in wanted.groupings else "calendar")


def _within_parameters(problem: Problem) -> Problem:
    """The refusal of a report, where its parameters are a part of a body."""
    reasons = (replace(reason, field=f"parameters.{reason.field}") for reason in problem.reasons)
    return Problem(problem.code, *reasons, headers=problem.headers)


async def _computed(
    connection: Reading, reference: Reference, question: Asked, asked: EditionIn, awaiting_column: int
) -> Computed:
    """The report as reports compute it, and what that snapshot of the database sees."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        position = await store.position(connection)
        try:
            form = None
            if asked.report == "ii-06a":
                form = await official_tables.form_named(connection, asked.parameters.form or asked.report)
            parameters = _parameters(reference, question, asked, form, awaiting_column)
            needed = official_tables.needed(parameters.awaiting_column)
            report = await resolution(connection, reference, question, parameters.groupings, needed)
        except Problem as problem:
            raise _within_parameters(problem) from problem
        named = await store.procedures(connection) if "version" in sides_of(parameters.groupings) else {}
    above = superior(reference, question) if asked.report == "annex" else None
    picture = Picture(reference.agencies, named, form, above)
    return Computed(report, parameters, position, picture, picture_of(picture, question.agency))


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
        format=FORMATS[asked.report],
        number=corrected.sealing.number + 1 if corrected else 1,
        parameters=computed.parameters,
        sealed_at=now,
        position=computed.position,
        picture=rules.digest(computed.stored_picture),
        synthetic=computed.report.synthetic,
        note=asked.note,
        reason=asked.reason,
        corrected=corrected.sha256 if corrected else None,
    )
    report, agency = computed.report, computed.report.asked.agency
    counted = Counted(agency.name, report.asked.landscape.units, report.total, report.rows)
    content = await worked_out(lambda: written(sealing, counted, computed.picture), of=len(report.rows))
    if corrected:
        told = await _differing(await store.content(connection, corrected.id), content)
        if not told:
            raise invalid("corrects", "changes_nothing")
        _remember(corrected.sha256, rules.digest(content), _how_much(told))
    await alone(connection)  # the same report to another receiver is no other row to the database
    if corrected is None and await store.newest_of(connection, agency.id, computed.parameters) is not None:
        raise await _refused(connection, principal, asked, computed)  # and takes no id: a gap would alarm
    made = store.Made(
        agency.id, principal.subject, sealing, corrected.id if corrected else None, rules.digest(content), content
    )
    number = await store.add(connection, made, computed.stored_picture)
    if number is None:
        raise await _refused(connection, principal, asked, computed)
    await answered(connection, "stats", request, str(number))
    edition = await read(connection, principal, number)
    await linked(connection, edition.id, edition.said)
    return await read(connection, principal, number), False


async def _refused(connection: Writing, principal: Principal, asked: EditionIn, computed: Computed) -> Problem:
    """Somebody has sealed or corrected it, before or at the same time."""
    if asked.corrects is not None:
        corrected = await store.find(connection, asked.corrects, principal.scope)
        if corrected is not None and corrected.corrected_by is not None:
            return rules.already_corrected(corrected.corrected_by)
    newest = await store.newest_of(connection, computed.report.asked.agency.id, computed.parameters)
    return rules.already_sealed(newest) if newest is not None else Problem("conflict")


async def read(connection: Connection, principal: Principal, edition_id: int) -> Edition:
    """An edition that the asker may see."""
    found = await store.find(connection, edition_id, principal.scope)
    if found is None:
        raise Problem("not_found", Reason("edition_id", "unknown_edition"))
    return found


async def listed(
    connection: Reading, scope: frozenset[int], report: str | None, *, before: int | None, limit: int
) -> list[Edition]:
    """Editions of agencies, the newest first, from the one before an id on."""
    return await store.listed(connection, scope, report, before=before, limit=limit)


async def content(connection: Reading, edition: Edition) -> bytes:
    """Its bytes as sealed."""
    return await store.content(connection, edition.id)


async def on_paper(connection: Reading, edition: Edition, receiver: str | None) -> Filled:
    """The edition as a table, to whom it was sealed for or another receiver; a Problem where its bytes or its picture
    were changed: `motcua verify` tells what."""
    rules.checked_receiver(edition, receiver)
    kept = await store.picture(connection, edition.sealing.picture)
    content = await store.content(connection, edition.id)
    picture = read_picture(kept) if kept is not None and rules.digest(kept) == edition.sealing.picture else None
    if picture is None or rules.digest(content) != edition.sha256:
        raise Problem("conflict", Reason("edition", "edition_was_changed", {"number": edition.id}))
    try:
        paper = partial(printing.on_paper, edition, content, picture, receiver)
        return await worked_out(paper, of=len(content) // _BYTES_A_ROW)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Problem("conflict", Reason("edition", "edition_was_changed", {"number": edition.id})) from error


async def changes(connection: Connection, edition: Edition) -> list[Change]:
    """What a correction changed; of a first edition nothing."""
    if edition.corrects is None:
        return []
    before = await store.content(connection, edition.corrects)
    return await _differing(before, await store.content(connection, edition.id))


async def how_much_changed(connection: Connection, edition: Edition) -> ChangeCounts | None:
    """How much a correction changed; None of a first edition."""
    if edition.corrects is None:
        return None
    corrected = edition.sealing.corrected or b""
    found = _known_changes.get((corrected, edition.sha256))
    if found is None:
        found = _how_much(await changes(connection, edition))
        _remember(corrected, edition.sha256, found)
    return found


def _how_much(told: Sequence[Change]) -> ChangeCounts:
    kinds = Counter(change.kind for change in told)
    return ChangeCounts(figures=kinds["changed"], rows_came=kinds["came"], rows_gone=kinds["gone"])


def _remember(corrected: bytes, correction: bytes, found: ChangeCounts) -> None:
    if len(_known_changes) >= _MOST_KNOWN:
        _known_changes.clear()
    _known_changes[corrected, correction] = found


async def _differing(before: bytes, after: bytes) -> list[Change]:
    return await worked_out(lambda: differing(before, after), of=(len(before) + len(after)) // _BYTES_A_ROW)


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
    """An edition that is being computed again, from its picture and from what moved up to its position."""

    def __init__(self, edition: Edition, picture: bytes | None) -> None:
        self.edition = edition
        self._findings: list[Finding] = []
        self.plan: Plan | None = None
        self.snapshot = read_snapshot(edition.sealing.position.snapshot)
        digest = edition.sealing.picture
        found = rules.digest(picture) if picture is not None else None
        read = read_picture(picture) if picture is not None and found == digest else None
        if read is None:
            self._findings.append(Finding("picture", digest.hex(), found.hex() if found else None))
            return
        plan = plan_of(edition, read)
        if plan is None:
            self._findings.append(Finding("parameters", None, edition.stored_parameters))
        elif self.snapshot is None:
            self._findings.append(Finding("position", None, edition.sealing.position.snapshot))
        else:
            self.plan = plan

    async def compared(self, connection: Connection, standing: Standing | None) -> Recomputed:
        """What moved, beside what was sealed."""
        sealed = await store.content(connection, self.edition.id)
        return await worked_out(partial(self._beside, sealed, standing), of=len(sealed) // _BYTES_A_ROW)

    def _beside(self, sealed: bytes, standing: Standing | None) -> Recomputed:
        findings, digest = list(self._findings), rules.digest(sealed)
        if digest != self.edition.sha256:
            findings.insert(0, Finding("content", self.edition.sha256.hex(), digest.hex()))
        if self.plan is None or standing is None:
            return Recomputed(findings, None, [])
        try:
            content = self.plan.content(self.edition.sealing, *standing.of(self.plan))
        except BrokenTable:  # the events that were changed make figures that no table can have
            return Recomputed([*findings, Finding("figures", None, digest.hex())], None, [])
        if content == sealed:
            return Recomputed(findings, content, [])
        findings.append(Finding("figures", rules.digest(content).hex(), digest.hex()))
        try:
            return Recomputed(findings, content, differing(sealed, content))
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
        ):  # what was sealed may be anything by now
            return Recomputed(findings, content, [])


class Recounts:
    """Editions that are computed again together: every range of dossiers is read once for each order of positions, and
    there is one order, unless a position was changed."""

    def __init__(self, recounts: Sequence[Recount]) -> None:
        self._recounts = recounts
        self._movements: list[Movements] = []
        for order in orders(each.snapshot for each in recounts if each.plan and each.snapshot):
            plans = [each.plan for each in recounts if each.plan and each.snapshot in order.snapshots]
            self._movements.append(Movements(Question.of(order, plans)))

    async def count(self, connection: Connection, span: Span) -> None:
        """Count the events of a range of dossiers."""
        for movements in self._movements:
            question = movements.question
            moved = await store.moved(connection, question, span)
            if moved is not None:
                movements.add(moved)
                continue
            for at, order in enumerate(question.order.alone()):
                alone = await store.moved(connection, replace(question, order=order), span)
                movements.add_alone(at, alone or ())

    async def compared(self, connection: Connection) -> AsyncIterator[tuple[Edition, Recomputed]]:
        """What was counted, beside what was sealed: those that cannot be counted, then position by position."""
        by_snapshot: defaultdict[Snapshot | None, list[Recount]] = defaultdict(list)
        for recount in self._recounts:
            by_snapshot[recount.snapshot if recount.plan else None].append(recount)
        for recount in by_snapshot[None]:
            yield recount.edition, await recount.compared(connection, None)
        for movements in self._movements:
            for snapshot, standing in zip(movements.question.order.snapshots, movements.standing(), strict=True):
                for recount in by_snapshot[snapshot]:
                    yield recount.edition, await recount.compared(connection, standing)


async def recompute(connection: Reading, edition: Edition) -> Recomputed:
    """Compute an edition again, from raw events and its picture alone, and compare it with what was sealed."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        recounts = Recounts([Recount(edition, await store.picture(connection, edition.sealing.picture))])
        for span in spans(await store.last_dossier(connection), RANGE):
            await recounts.count(connection, span)
        (found,) = [found async for _, found in recounts.compared(connection)]
        return found


class Editions(Check):
    """Every sealed edition, computed again, is what was sealed; its bytes and its picture are of their hashes."""

    role = "motcua_stats"

    def __init__(self) -> None:
        super().__init__()
        self._recounts = Recounts(())

    async def begin(self, connection: Connection) -> None:
        """All editions, each with its picture; those of one picture share it."""
        pictures: dict[bytes, bytes | None] = {}
        found: list[Recount] = []
        for edition in await store.every(connection):
            digest = edition.sealing.picture
            if digest not in pictures:
                pictures[digest] = await store.picture(connection, digest)
            found.append(Recount(edition, pictures[digest]))
        self._recounts = Recounts(found)
        self.seen["editions"] = len(found)

    async def look(self, connection: Connection, span: Span) -> AsyncIterator[Difference]:
        """Count a range; what it comes to shows at the end."""
        await self._recounts.count(connection, span)
        for nothing in NOTHING:
            yield nothing

    async def conclude(self, connection: Connection) -> AsyncIterator[Difference]:
        """What was counted, beside what was sealed: each figure that differs, or else that the bytes do."""
        async for edition, found in self._recounts.compared(connection):
            for finding in found.findings:
                if finding.name != "figures" or not found.changes:
                    yield Difference("edition", finding.name, _where(edition), finding.expected, finding.found)
            for change in found.changes:
                place = [_where(edition), *change.within, change.key or "total", change.figure or ""]
                told = (_told(change.after, change, "gone"), _told(change.before, change, "came"))
                yield Difference("edition", "figures", " · ".join(filter(None, place)), *told)


class EditionChain(Check):
    """The chain has no gap, every edition stands in it as it was sealed, and it holds what was noted outside."""

    role = "motcua_stats"

    def __init__(self, anchors: Sequence[Anchor] = ()) -> None:
        super().__init__()
        self._anchors = anchors

    async def conclude(self, connection: Connection) -> AsyncIterator[Difference]:
        """All of it at the end: it is as short as there are editions."""
        chain, said = await links(connection), {one.id: one.said for one in await store.every(connection)}
        self.seen["edition_links"] = len(chain)
        for difference in differences(chain, said, self._anchors):
            yield difference


def _where(edition: Edition) -> str:
    told = edition.sealing.parameters
    return f"#{edition.id} · {edition.sealing.report} · {told.agency} · {told.first} – {told.last}"


def _told(value: object, change: Change, nothing_if: str) -> str | None:
    """A figure; of a whole row, its key."""
    if change.kind == "changed":
        return None if value is None else str(value)
    return None if change.kind == nothing_if else change.key
