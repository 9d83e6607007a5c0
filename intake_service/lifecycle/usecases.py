"""Taking a dossier one step on: load it with its history, let the engine decide, write the event. Telling others is
the log's."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from secrets import token_bytes
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from intake_service.apologies import store as apologies
from intake_service.components.rules import RESULT, is_result
from intake_service.files import store as files
from intake_service.lifecycle import rules, store
from intake_service.recompute import store as calendar
from shared.domain.civil_time import civil_day, end_of, shown
from shared.domain.codes import code_prefix
from shared.domain.deadline import Clock, answer_due_after, due_of
from shared.domain.life import Life, told
from shared.domain.lifecycle import ApologyKind, Channel, EventKind, Outcome, Status
from shared.domain.linked import receiving_due_at
from shared.domain.recompute import rescheduled
from shared.domain.regimes import Lapse
from shared.domain.terms import Due
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.auth import Principal, Role
from shared.web.database import Connection, Writing
from shared.web.idempotency import RequestKey, by_name, claimed
from shared.web.problems import Problem, Reason

#: They handle a dossier; the applicant's date is the one-stop's to move (Decree 61/2018 art. 19(9)).
_OFFICE = (Role.HANDLER, Role.LEADER)
#: Who the log names where nobody acted but the system.
ITSELF = "motcua"


@dataclass(frozen=True, slots=True)
class Act:
    """What a caller asks to happen to a dossier.

    occurred_at None: now. on_behalf_of: (actor, agency), from services only. apology: what it is for. new_due_at: of an
    extension, or an apology for lateness. proposal, proposed_at: of the proposal that an extension takes up.
    reason, detail: in words, kept apart from the log. said: what the log itself says, never personal.
    """

    kind: EventKind
    request: RequestKey | None
    now: datetime
    occurred_at: datetime | None = None
    outcome: Outcome | None = None
    new_due_at: datetime | None = None
    apology: ApologyKind | None = None
    proposal: int | None = None
    proposed_at: datetime | None = None
    on_behalf_of: tuple[str, str] | None = None
    expected_version: int | None = None
    reason: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    said: Mapping[str, object] = field(default_factory=dict)


async def advance(connection: Writing, reference: Reference, principal: Principal, code: str, act: Act) -> bool:
    """Take a dossier one step on. Returns whether an earlier request with this key had done it."""
    if act.kind is EventKind.APOLOGISED and act.new_due_at is not None and principal.role in _OFFICE:
        raise Problem("forbidden", Reason("new_due_at", "one_stop_moves_the_date"))
    row = await store.locked(connection, code, principal.scope)
    if row is None:
        raise Problem("not_found")
    if await claimed(connection, "intake", by_name(act.request, code, row["name"]), 200, row["code"]) is not None:
        return True
    if act.expected_version is not None and act.expected_version != row["version"]:
        raise Problem("version_changed")
    if act.kind is EventKind.EXTENDED:
        act = await _as_proposed(connection, row["id"], act)
    if act.kind is EventKind.RESULT_RECORDED:
        act = await _with_its_file(connection, row["id"], act)
    history = (await store.histories(connection, [row["id"]]))[row["id"]]
    named = row["code"]
    if act.kind is EventKind.ACCEPTED:
        # The chain is bound to the reference: only what the acceptance says binds the code to it.
        named = await store.issue_number(connection, _prefix(reference, row, act.occurred_at or act.now))
        act = replace(act, said={**act.said, "code": named})
    event = replace(decided(reference, principal, row, history, act), code=named)
    await store.append(connection, [event])
    if act.apology is not None:
        await _entered(connection, act, event)
    if act.kind is EventKind.REOPENED:
        await _caught_up(connection, reference, row["id"], act.now)
    return False


async def _caught_up(connection: Writing, reference: Reference, dossier_id: int, at: datetime) -> None:
    """The clock of a re-opened dossier had run on all the time: what the calendar's changes would have moved moves."""
    (row,) = await store.locked_open(connection, [dossier_id])
    history = (await store.histories(connection, [dossier_id]))[dossier_id]
    life, clock = life_of(reference, row, history)
    happened = rules.read_back((event[:3] for event in history), clock)
    if life.account is None:
        return
    for change in await calendar.changes_since(connection, civil_day(life.account.accepted_at)):
        with suppress(CalendarMissing):  # it stays as it stands
            before = change.undone(reference.calendar)
            moved = rescheduled(happened, clock, before, max(at, happened[-1].at), change.decision)
            if moved is not None:
                step = rules.anew_step(life, moved, calendar_change=change.id)
                event = appended(
                    row,
                    step,
                    reference,
                    code=row["code"],
                    actor=change.actor,
                    acting_agency_id=change.agency_id,
                    now=at,
                )
                await store.append(connection, [event])
                return


def decided(
    reference: Reference, principal: Principal, row: asyncpg.Record, history: list[asyncpg.Record], act: Act
) -> store.Appended:
    """What an act makes of a locked dossier with its history: its next event. Raises the Problem that refuses it."""
    actor, acting_agency_id = _actor(reference, principal, act)
    life, clock = life_of(reference, row, history)
    note = _note(act)
    # The applicant may have taken it back while the paper was on its way; done with it nobody is before it arrived.
    gone_on_at = row["gone_on_at"] if act.kind is EventKind.FINISHED else None
    step, answer_due = _decided(life, act, history, clock, note, gone_on_at)
    return appended(
        row,
        step,
        reference,
        code=row["code"],
        actor=actor,
        acting_agency_id=acting_agency_id,
        now=act.now,
        note=note,
        answer_due=answer_due,
    )


async def _as_proposed(connection: Writing, dossier_id: int, act: Act) -> Act:
    """An extension with what the handling agency proposed. While its proposal waits, none is made past it."""
    proposals = await apologies.proposals(connection, dossier_id)
    if act.proposal is None:
        if any(proposal["accepted"] is None for proposal in proposals):
            raise Problem("conflict", Reason("proposal", "proposal_open"))
        return act
    if act.proposal > len(proposals):
        raise Problem("invalid_request", Reason("proposal", "unknown_proposal"))
    taken_up = proposals[act.proposal - 1]
    if taken_up["accepted"] is not None:
        raise Problem("conflict", Reason("proposal", "proposal_decided"))
    return replace(
        act,
        new_due_at=taken_up["new_due_at"],
        proposed_at=taken_up["proposed_at"],
        reason=taken_up["reason"],
        detail={name: taken_up[name] for name in ("number", "signed_by", "apology")},
        said={"proposal": act.proposal},
    )


async def _with_its_file(connection: Writing, dossier_id: int, act: Act) -> Act:
    """A result with the hash of its file: so the chain holds what was given, whatever is sent afterwards."""
    if (await files.lock_dossier(connection, dossier_id))["erased_at"] is not None:
        raise Problem("conflict", Reason("", "personal_data_erased"))
    named = act.detail.get("file")
    if named is None:
        return act
    file = await files.find(connection, dossier_id, UUID(str(named)))
    if file is None or file["erased_at"] is not None:
        raise Problem("invalid_request", Reason("file", "unknown_file"))
    if not is_result(file["component"]):
        raise Problem("invalid_request", Reason("file", "file_is_no_result", {"component": RESULT}))
    if file["replaced_by"] is not None:
        raise Problem("conflict", Reason("file", "result_replaced"))
    return replace(act, detail={**act.detail, "sha256": file["sha256"].hex()})


async def _entered(connection: Writing, act: Act, event: store.Appended) -> None:
    assert act.apology is not None
    await apologies.enter(connection, event.dossier_id, event.seq, act.apology, event.occurred_at, act.new_due_at)
    if act.proposal is not None:
        await apologies.decide(
            connection,
            event.dossier_id,
            act.proposal,
            accepted=True,
            at=act.now,
            actor=event.actor,
            rejection=None,
        )


def life_of(reference: Reference, row: asyncpg.Record, history: list[asyncpg.Record]) -> tuple[Life, Clock]:
    """A stored dossier as its events made it, and what it is reckoned by."""
    clock = clock_of(reference, row)
    life = told(rules.read_back((event[:3] for event in history), clock))
    assert life is not None, "a dossier begins with an event"
    return life, clock


def _decided(
    life: Life,
    act: Act,
    history: list[asyncpg.Record],
    clock: Clock,
    note: store.Note | None,
    gone_on_at: datetime | None,
) -> tuple[rules.Step, Due | None]:
    """The step; and of a supplement request, until when the applicant is to answer it. gone_on_at: before when it
    cannot have happened, by what routing has."""
    at = act.occurred_at or max(act.now, history[-1]["occurred_at"], gone_on_at or act.now)
    said = {**act.said, "note": note.hash} if note is not None else act.said
    result = rules.result_in_force(row["kind"] for row in history)
    if act.kind is EventKind.RETURNED and result is not None:
        said = {**said, "result": result}
    given_due = due_of(act.new_due_at, clock) if act.new_due_at else None
    answer_due: Due | None = None
    try:
        if act.kind is EventKind.SUPPLEMENT_REQUESTED:
            answer_due = answer_due_after(at, clock, accepted=life.account is not None)
            said = {**said, "answer_due_at": rules.stamp(answer_due)}
        step = rules.next_step(life, act.kind, at, clock, given_due=given_due, outcome=act.outcome, **said)
    except CalendarMissing as missing:
        raise Problem("invalid_request", Reason("occurred_at", "calendar_missing", {"year": missing.year})) from missing
    if isinstance(step, Problem):
        raise step
    try:
        forbidden = rules.against_the_law(
            life,
            step.event,
            clock,
            outcome=act.outcome,
            reason=act.reason,
            legal_basis="legal_basis" in act.detail,
            apology=act.apology,
            recorded_at=act.proposed_at or act.now,
        )
    except CalendarMissing as missing:
        field_name = "new_due_at" if act.new_due_at else "occurred_at"
        forbidden = Reason(field_name, "calendar_missing", {"year": missing.year})
    if act.kind is EventKind.RESULT_RECORDED:
        issued_on = date.fromisoformat(str(act.detail["issued_on"]))
        accepted_at = life.account.accepted_at if life.account else None
        forbidden = rules.result_refused(
            issued_on, accepted_at, act.now, corrects=result is not None, reason=act.reason
        )
    refused = _untimely(life, act, at, history, gone_on_at) or forbidden
    if refused is not None:
        raise Problem("invalid_request", refused)
    return step, answer_due


def _untimely(
    life: Life, act: Act, at: datetime, history: list[asyncpg.Record], gone_on_at: datetime | None
) -> Reason | None:
    # What the system noted by itself, a moment after the counter, does not forbid what happened in between.
    # The reception is where it was corrected to, not where it was first entered.
    accepted_at = life.account.accepted_at if life.account is not None else None
    steps = (row for row in history if row["kind"] not in rules.NO_STEP)
    last = max((accepted_at if row["kind"] == EventKind.ACCEPTED else None) or row["occurred_at"] for row in steps)
    last = max(last, act.proposed_at or last, gone_on_at or last)
    if accepted_at is not None and at < accepted_at:
        early = "before_acceptance"
    else:
        early = "before_finish" if act.kind is EventKind.RETURNED else "out_of_order"
    return rules.instant_reason("occurred_at", at, not_before=last, early_code=early, now=act.now)


def _note(act: Act) -> store.Note | None:
    if act.reason is None and not act.detail:
        return None
    detail = orjson.dumps(dict(act.detail)).decode() if act.detail else None
    return store.Note(act.reason, detail, token_bytes(16))


def appended(
    row: asyncpg.Record | Mapping[str, Any],
    step: rules.Step,
    reference: Reference,
    *,
    code: str,
    actor: str,
    acting_agency_id: int,
    now: datetime,
    note: store.Note | None = None,
    answer_due: Due | None = None,
) -> store.Appended:
    """A decided step as the next event of a stored dossier. `answer_due`: of a supplement request."""
    life, account = step.life, step.life.account
    facts = rules.facts_of(row["agency_id"], row["channel"], life)
    seq = row["event_seq"] + 1
    reception = life.reception if account is None else None
    answer_due_at, lapses_at = _awaited(row, step, reference, answer_due, now)
    return store.Appended(
        dossier_id=row["id"],
        code=code,
        seq=seq,
        kind=step.event.kind.value,
        status=int(life.status),
        occurred_at=step.event.at,
        recorded_at=now,
        actor=actor,
        acting_agency_id=acting_agency_id,
        facts=facts,
        payload=step.payload,
        hash=rules.chained(
            row["name"], row["event_hash"], seq, step, facts, actor=actor, acting_agency_id=acting_agency_id, now=now
        ),
        accepted_at=account.accepted_at if account else None,
        reception_due_at=reception.due.at if reception and reception.due else None,
        original_due_at=account.original_due.at if account and account.original_due else None,
        due_at=account.appointment.at if account and account.appointment else None,
        late_from=account.due.late_from if account and account.due else None,
        provisional=rules.is_provisional(reference, life),
        answer_due_at=answer_due_at,
        lapses_at=lapses_at,
        finished_at=account.finished_at if account else None,
        returned_at=_returned_at(row, step),
        outcome=_outcome(row, step),
        note=note,
    )


def _awaited(
    row: asyncpg.Record | Mapping[str, Any],
    step: rules.Step,
    reference: Reference,
    answer_due: Due | None,
    now: datetime,
) -> tuple[datetime | None, datetime | None]:
    """Until when the applicant is to complete the dossier, and from when on it is closed otherwise. An import asks
    nobody anything, so nothing of it lapses."""
    if answer_due is not None:
        closes = clock_of(reference, row).supplement.lapse is Lapse.CLOSE
        # Whoever enters an old request has the day to enter its answer.
        return answer_due.at, max(answer_due.late_from, end_of(civil_day(now))) if closes else None
    if step.life.status is Status.SUPPLEMENT_AWAITED and step.event.kind is not EventKind.SUPPLEMENT_REQUESTED:
        return row["answer_due_at"], row["lapses_at"]
    return None, None


def _returned_at(row: asyncpg.Record | Mapping[str, Any], step: rules.Step) -> datetime | None:
    if step.event.kind is EventKind.RETURNED:
        return step.event.at
    kept: datetime | None = row["returned_at"]
    return None if step.event.kind is EventKind.REOPENED else kept


def _outcome(row: asyncpg.Record | Mapping[str, Any], step: rules.Step) -> int | None:
    if step.event.kind in rules.ENDINGS:
        ending = rules.ENDINGS[step.event.kind]
        said = orjson.loads(step.payload).get("outcome")
        return int(ending) if ending else int(Outcome[said.upper()])
    kept: int | None = row["outcome"]
    return None if step.event.kind is EventKind.REOPENED else kept


def clock_of(reference: Reference, row: asyncpg.Record | Mapping[str, Any]) -> Clock:
    """What the deadline account of a stored dossier needs: the law and the hours of the day on which it was accepted,
    or until then handed in."""
    version = reference.versions[row["version_id"]]
    day = row["received_day"] or civil_day(row["submitted_at"])
    return reference.clock(version, Channel(row["channel"]), row["agency_id"], day, row["case_no"])


def _prefix(reference: Reference, row: asyncpg.Record, at: datetime) -> str:
    return code_prefix(reference.agencies.by_id[row["agency_id"]].issuing_code, civil_day(at))


def _actor(reference: Reference, principal: Principal, act: Act) -> tuple[str, int]:
    if act.on_behalf_of is None:
        return principal.subject, principal.agency.id
    if principal.role is not Role.MACHINE:
        raise Problem("forbidden")
    actor, code = act.on_behalf_of
    agency = reference.agencies.latest(code, civil_day(act.now))
    if agency is None:
        raise Problem("invalid_request", Reason("on_behalf_of.agency", "unknown_agency"))
    if not principal.covers(agency.id):
        raise Problem("agency_out_of_scope")
    return actor, agency.id


async def begin_processing(connection: Connection, reference: Reference, dossier_ids: list[int], at: datetime) -> None:
    """Note of dossiers whose cases were opened that their processing began, and of linked ones until when the agency
    that received them is done with its own part."""
    rows = await store.not_begun(connection, dossier_ids)
    ids = [row["id"] for row in rows]
    told_of = await store.histories(connection, ids)
    # Kept in the log: routing's plan follows a correction of the reception, and a receipt that was printed does not.
    planned = await store.planned(connection, ids)
    events = []
    for row in rows:
        life, clock = life_of(reference, row, told_of[row["id"]])
        own = receiving_due_at(planned.get(row["id"], ()), row["agency_id"])
        said: dict[str, Any] = {"receiving_due_at": shown(own)} if own is not None else {}
        step = rules.next_step(life, EventKind.PROCESSING_STARTED, at, clock, **said)
        assert not isinstance(step, Problem), "only accepted dossiers are locked"
        events.append(
            appended(row, step, reference, code=row["code"], actor=ITSELF, acting_agency_id=row["agency_id"], now=at)
        )
    await store.append(connection, events)
