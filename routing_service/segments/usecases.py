"""The verbs of segments: they are read, finished by their agency, or settled with the dossier's end. They begin with
the case, in `workflows/usecases.py:begin`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from routing_service.cases import store as cases
from routing_service.cases.rules import CaseRow, Change
from routing_service.cases.usecases import expect, locked, one, visible
from routing_service.hand_overs import store as hand_overs
from routing_service.segment_clock.rules import Pause, Segment, State, alive_again, as_of, ended
from routing_service.segments import rules, store
from routing_service.segments.rules import Track
from routing_service.workflows import store as workflows
from shared.contracts.workflows import SegmentFinishIn
from shared.domain.linked import receiving_due_at
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.background import Worker
from shared.web.database import Connection, Pool, Reading, Writing
from shared.web.idempotency import RequestKey, by_name, claimed
from shared.web.problems import Problem

log = structlog.get_logger()

#: How often it is looked whether a dossier ended before its segments.
SETTLE_SECONDS = 5.0
SETTLED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """A case with its segments as they stand. track: None where no workflow held. receiving_due_at: the second date on
    the receipt. `replayed`: an earlier request with the same key had finished the segment."""

    case: CaseRow
    track: Track | None
    segments: list[Segment]
    receiving_due_at: datetime | None
    replayed: bool = False


async def shown(
    connection: Reading | Writing, reference: Reference, code: str, principal: Principal, now: datetime
) -> Shown:
    """The segments of a case that the caller may see, open ones reckoned as of now."""
    case = await one(connection, code, principal)
    return await _shown(connection, reference, case, now)


async def finish(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    code: str,
    no: int,
    asked: SegmentFinishIn,
    *,
    expected_version: int | None,
    request: RequestKey | None,
    now: datetime,
) -> Shown:
    """An agency is done with its share; on paper the next one gets the dossier."""
    case = await locked(connection, code)
    made = await claimed(connection, "routing", by_name(request, code, case.code), 200, f"{case.code}/segments/{no}")
    if made is not None:
        return await _shown(connection, reference, case, now, replayed=True)
    visible(case, principal)
    expect(case, expected_version)
    decided = rules.finish(
        case,
        await store.track(connection, case.dossier_id),
        await _of(connection, case),
        no,
        await store.pauses(connection, case.dossier_id),
        reference,
        principal.scope,
        actor=principal.subject,
        note=asked.note,
        occurred_at=asked.occurred_at,
        now=now,
        log=await hand_overs.log(connection, case.dossier_id),
    )
    if isinstance(decided, Problem):
        raise decided
    await store.write(connection, case.dossier_id, [decided.segment, *decided.entered], recorded_at=now)
    if decided.change is None:
        await store.touch(connection, case.dossier_id)
    else:
        await cases.apply(
            connection,
            [decided.change],
            actor=principal.subject,
            acting_agency_id=principal.agency.id,
            recorded_at=now,
        )
    after = await cases.find(connection, case.code)
    assert after is not None, "its row is locked by this transaction"
    return await _shown(connection, reference, after, now)


async def carry(connection: Writing, reference: Reference, changes: Sequence[Change], now: datetime) -> None:
    """Let the shares of locked cases go along with movements that were decided of them, however many. One statement
    where none of them has a workflow."""
    moves = {change.case.dossier_id: change for change in changes if change.moved is not None}
    tracks = await store.tracks(connection, list(moves)) if moves else {}
    if not tracks:
        return
    segments = await store.of_all(connection, list(tracks))
    pauses = await store.pauses_of_all(connection, list(tracks))
    steps = await workflows.steps_of(connection, sorted({track.workflow_id for track in tracks.values()}))
    for dossier_id, track in tracks.items():
        alive = {no: alive_again(segment) for no, segment in segments[dossier_id].items()}
        change = moves[dossier_id]
        named = rules.named_by(track, steps[track.workflow_id], change.case, reference.agencies)
        going = rules.carried(change, track, alive, named, pauses[dossier_id], reference)
        if going:
            await store.write(connection, dossier_id, going, recorded_at=now)


async def listed(
    connection: Reading,
    reference: Reference,
    agencies: list[int],
    now: datetime,
    *,
    after: tuple[datetime | None, int, int] | None,
    limit: int,
) -> list[store.OpenRow]:
    """A page of what `agencies` have to work on, reckoned as of now, and one more if there is a next page."""
    rows = await store.listed(connection, agencies, after=after, limit=limit + 1)
    pauses = await store.pauses_of_all(connection, sorted({row.dossier_id for row in rows}))
    return [replace(row, segment=as_of(row.segment, now, pauses[row.dossier_id], reference)) for row in rows]


def settling_worker(pool: Pool, reference: Callable[[], Reference], clock: Callable[[], datetime]) -> Worker:
    """The consumer that closes what a dossier's end leaves open: the agency's time ends with the dossier's."""

    async def work(connection: Connection) -> bool:
        return await settle(connection, reference(), clock())

    return Worker(pool, "routing.segments", work, idle=SETTLE_SECONDS)


async def settle(connection: Connection, reference: Reference, now: datetime) -> bool:
    """Close the segments of the next few dossiers that have ended; whether there may be more at once."""
    over = await store.over_with_segments(connection, limit=SETTLED_AT_ONCE)
    closed = 0
    for dossier_id in over:
        async with connection.transaction():
            await cases.locked_in_order(connection, [dossier_id])
            at = await store.ended_at(connection, dossier_id)
            if at is None:  # re-opened since it was listed
                continue
            pauses = await store.pauses(connection, dossier_id)
            left = [s for s in (await store.of(connection, dossier_id)).values() if s.state is not State.OVER]
            try:
                closing = [ended(segment, at, pauses, reference) for segment in left]
            except CalendarMissing as missing:
                log.warning("segments.not_settled", year=missing.year)
                continue
            await store.write(connection, dossier_id, closing, recorded_at=now)
            closed += 1
    return closed == SETTLED_AT_ONCE


async def _shown(
    connection: Reading | Writing, reference: Reference, case: CaseRow, now: datetime, *, replayed: bool = False
) -> Shown:
    track = await store.track(connection, case.dossier_id)
    segments = await _of(connection, case)
    pauses = await store.pauses(connection, case.dossier_id) if segments else ()
    if case.ended is not None and case.ended.at is not None:
        # What the dossier's end closes is shown so before it is written so.
        at = case.ended.at
        shown = [s if s.result is not None else _ended(s, at, pauses, reference) for s in segments.values()]
    else:
        shown = [as_of(segment, now, pauses, reference) for segment in segments.values()]
    named = dict[int, int]()
    if track is not None:
        steps = await workflows.steps_of(connection, [track.workflow_id])
        named = rules.named_by(track, steps[track.workflow_id], case, reference.agencies)
    own = receiving_due_at(rules.planned_shares(shown, named), case.agency_id)
    return Shown(case, track, shown, own, replayed)


async def _of(connection: Reading | Writing, case: CaseRow) -> dict[int, Segment]:
    """The segments of a case; of one that was re-opened as they live again, before that is written."""
    segments = await store.of(connection, case.dossier_id)
    if case.ended is not None:
        return segments
    return {no: alive_again(segment) for no, segment in segments.items()}


def _ended(segment: Segment, at: datetime, pauses: Sequence[Pause], reference: Reference) -> Segment:
    try:
        return ended(segment, at, pauses, reference)
    except CalendarMissing:
        return segment
