"""What one can do with workflows: define one or its next version, read them, load the examples, begin them
with the cases that they hold for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from routing_service.cases import store as cases
from routing_service.cases.rules import CaseRow, Change, Moved, Movement
from routing_service.segment_clock.rules import Segment, alive_again, ended
from routing_service.segment_corrections.rules import Reception, rerouted, same_way, started_at
from routing_service.segments import store as segments
from routing_service.segments.rules import Holding, begun_with, first_holder, side_by_side
from routing_service.workflows import rules, store
from routing_service.workflows.rules import Definition, WorkflowRow
from shared.contracts.workflows import WorkflowIn
from shared.domain.civil_time import civil_day
from shared.domain.vietnamese import has_control_characters
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.auth import Principal, asked_agency
from shared.web.database import Connection, Reading, Writing
from shared.web.idempotency import RequestKey, claimed
from shared.web.problems import Problem, Reason

log = structlog.get_logger()

#: Who has entered what comes with the product.
LOADED_BY = "reference data"


@dataclass(frozen=True, slots=True)
class Shown:
    """A version with all version numbers of its workflow. `replayed`: an earlier request with the same key made it."""

    workflow: WorkflowRow
    versions: list[int]
    replayed: bool = False


async def define(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    asked: WorkflowIn,
    *,
    request: RequestKey | None,
    now: datetime,
) -> Shown:
    """Write a workflow, or its next version: the former one then ends on the day before, and is else as it was."""
    await store.lock(connection)
    former = await store.latest(connection, asked.code)
    number = former.version + 1 if former else 1
    made = await claimed(connection, "routing", request, 201, f"{asked.code}/{number}")
    if made is not None:
        return await _shown(connection, asked.code, int(made.rpartition("/")[2]), replayed=True)
    whole = principal.agency.parent_id is None
    new = rules.defined(asked, reference, principal.scope, whole=whole)
    if isinstance(new, Problem):
        raise new
    if former is not None:
        refused = rules.succeeds(new, former, reference.agencies, principal.scope, whole=whole, today=civil_day(now))
        if refused is not None:
            raise refused
        await store.end(connection, former.id, asked.valid_from - timedelta(days=1))
    other = await store.beside(connection, new)
    if other is not None:
        raise Problem("conflict", Reason("procedure", "workflow_overlaps", {"code": other}))
    await store.add(connection, new, number, actor=principal.subject)
    return await _shown(connection, new.code, number)


async def one(connection: Reading, code: str, day: date) -> Shown:
    """The version of a workflow that holds on `day`."""
    if len(code) > 60 or has_control_characters(code):
        raise Problem("not_found")
    workflow = await store.on(connection, code, day)
    if workflow is None:
        raise Problem("not_found")
    return Shown(workflow, await store.versions(connection, code))


async def listed(
    connection: Reading,
    reference: Reference,
    principal: Principal,
    *,
    day: date,
    procedure: str | None,
    agency: str | None,
    kind: str | None,
    after: str,
    limit: int,
) -> Sequence[WorkflowRow]:
    """A page of the workflows of `day`, and one more if there is a next page. `agency`: those that hold for it."""
    unit = asked_agency(agency, reference, principal, day) if agency is not None else None
    return await store.listed(
        connection,
        day,
        procedure=rules.core_of(procedure) if procedure is not None else None,
        place=(unit.id, unit.level) if unit else None,
        kind=kind,
        after=after,
        limit=limit + 1,
    )


async def begin(
    connection: Writing, reference: Reference, principal: Principal, codes: Sequence[str], now: datetime
) -> None:
    """Begin the workflows of cases that have just been opened: three statements for any number of them, one where no
    workflow holds. A workflow of which a step means nobody in particular that day is left out, and logged: the case is
    open all the same. Paper whose first share is another agency's is handed over to it at once."""
    holdings = await segments.holding(connection, codes) if codes else []
    if not holdings:
        return
    steps = await store.steps_of(connection, sorted({holding.workflow_id for holding in holdings}))
    begun: list[tuple[Holding, Segment]] = []
    sent: dict[str, Moved] = {}
    for holding in holdings:
        made = begun_with(holding, steps[holding.workflow_id], reference)
        if made is None:
            log.warning("workflow.not_begun", workflow=holding.workflow)
            continue
        begun += [(holding, segment) for segment in made]
        first = first_holder(made, parallel=side_by_side(holding.kind, holding.online))
        if first is not None and first.agency_id != holding.agency_id:
            sent[holding.code] = Moved(
                Movement.HAND_OVER, first.agency_id, first.desk, holding.opened_at, holding.workflow
            )
    await segments.begin(connection, begun)
    if sent:
        cases_sent = await cases.locked(connection, list(sent))
        await cases.apply(
            connection,
            [Change(case, moved=sent[code]) for code, case in cases_sent.items()],
            actor=principal.subject,
            acting_agency_id=principal.agency.id,
            recorded_at=now,
        )


async def set_right(
    connection: Writing, reference: Reference, principal: Principal, codes: Sequence[str], now: datetime
) -> None:
    """Let the segments follow what intake did to dossiers whose cases are open: a reception was corrected, or an end
    taken back. One statement where neither was; repeated, it changes nothing more."""
    receptions = await segments.corrected(connection, codes) if codes else []
    found = await cases.locked(connection, [each.code for each in receptions]) if receptions else {}
    for reception in receptions:
        try:
            await _set_right(connection, reference, principal, found[reception.code], reception, now)
        except CalendarMissing as missing:
            log.warning("segments.not_set_right", year=missing.year)


async def _set_right(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    case: CaseRow,
    reception: Reception,
    now: datetime,
) -> None:
    track, pauses = (
        await segments.track(connection, case.dossier_id),
        await segments.pauses(connection, case.dossier_id),
    )
    stored = await segments.of(connection, case.dossier_id)
    alive = {no: alive_again(segment) for no, segment in stored.items()}
    if case.opened_at != reception.opened_at:
        await segments.open_at(connection, case.dossier_id, reception.opened_at)
    done = any(segment.left_by is not None for segment in alive.values())
    if reception.elsewhere and case.ended is None and not done:
        (holding,) = await segments.holding(connection, [case.code]) or (None,)
        steps = await store.steps_of(connection, [holding.workflow_id]) if holding is not None else {}
        begun = begun_with(holding, steps[holding.workflow_id], reference) if holding is not None else []
        if begun is None:
            log.warning("workflow.not_begun", workflow=holding.workflow if holding is not None else None)
        elif not same_way(track, alive, case.opened_at, holding, begun):
            await _reroute(connection, reference, principal, case, alive, holding, begun, now)
            return
    if track is None:
        return
    right = started_at(alive, case.opened_at, reception.opened_at, pauses, reference, paper=track.paper)
    if case.ended is not None and case.ended.at is not None:
        at = case.ended.at
        right = {no: s if s.result is not None else ended(s, at, pauses, reference) for no, s in right.items()}
    changed = [segment for no, segment in right.items() if segment != stored[no]]
    if changed:
        await segments.write(connection, case.dossier_id, changed, recorded_at=now)
        await segments.touch(connection, case.dossier_id)


async def _reroute(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    case: CaseRow,
    alive: Mapping[int, Segment],
    holding: Holding | None,
    begun: Sequence[Segment],
    now: datetime,
) -> None:
    """Begin the workflow of a corrected reception in the place of the one with which the dossier began."""
    made = rerouted(
        case,
        alive,
        begun,
        case.opened_at,
        now,
        reference,
        note=holding.workflow if holding is not None else None,
        parallel=holding is not None and side_by_side(holding.kind, holding.online),
    )
    await segments.begin_otherwise(connection, case.dossier_id, holding, made.segments)
    if made.change is None:
        await segments.touch(connection, case.dossier_id)
        return
    await cases.apply(
        connection,
        [made.change],
        actor=principal.subject,
        acting_agency_id=principal.agency.id,
        recorded_at=now,
    )


async def load_workflows(connection: Connection, definitions: Iterable[Definition]) -> int:
    """Add those of `definitions` whose code is not there yet, in one transaction; how many. What an operator has
    entered under a code stays."""
    added = 0
    async with connection.transaction():
        await store.lock(connection)
        for definition in definitions:
            if await store.latest(connection, definition.code) is None:
                await store.add(connection, definition, 1, actor=LOADED_BY)
                added += 1
    return added


async def _shown(connection: Writing, code: str, number: int, *, replayed: bool = False) -> Shown:
    workflow = await store.version(connection, code, number)
    assert workflow is not None, "its key is claimed in the transaction that wrote it"
    return Shown(workflow, await store.versions(connection, code), replayed)
