"""HTTP of deadlines: the account of a dossier, and the preview, which is public."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from intake_service.deadlines import rules, usecases
from intake_service.dossiers.shapes import STATUS
from shared.contracts.deadlines import DeadlineAccount, DeadlinePreview
from shared.contracts.fields import Code, InstantIn
from shared.contracts.intake import ChannelName
from shared.domain.civil_time import shown
from shared.domain.deadline import Clock
from shared.domain.explanation import UNSURE, Line, explained, previewed, term_name, to_answer
from shared.domain.lifecycle import Channel
from shared.domain.national import Compare, explained_nationally
from shared.domain.working_calendar import CalendarMissing
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession
from shared.web.places import DossierCode
from shared.web.problems import READING, refusals

router = APIRouter(prefix="/v1", tags=["deadlines"])


@router.get(
    "/dossiers/{code}/deadline",
    operation_id="readDeadline",
    summary="Thời hạn và giải thích · The deadline account of a dossier",
    response_description="The account as it stands at this moment",
    response_model=DeadlineAccount,
    responses=refusals(*READING),
)
async def read(code: DossierCode, reference: ReferenceOf, principal: Caller, connection: ReadingSession) -> Response:
    """What was promised, what stood still, how it stands, and why, line by line. It is folded from the events: what
    was promised then holds, whatever the calendar says today."""
    reckoned = await usecases.account(connection, reference, principal, code)
    at = now()
    row, life, clock = reckoned.row, reckoned.told[-1].after, reckoned.clock
    account, reception = life.account, life.reception
    waits, looked = rules.spans(reckoned.told), rules.looked_at(reckoned.told)
    body: dict[str, Any] = {
        **_rules(clock, provisional=row["provisional"]),
        "code": row["code"],
        "status": STATUS[row["status"]],
        "as_of": shown(at),
        "reception_due_at": shown(looked.due.at) if looked.due else None,
        "reception_in_time": looked.in_time,
        "paused_spans": [_span(wait, clock, account.finished_at or at if account else at) for wait in waits],
        "answer_due_at": shown(row["answer_due_at"]),
        "lapses_at": shown(row["lapses_at"]),
        "explanation": _lines(_told(reckoned)),
        **dict.fromkeys(_OF_AN_ACCOUNT),
        "extended": False,
        "supplement_requests": reception.supplement_requests if reception else 0,
        "paused": rules.waiting(life),
        "overdue": False,
    }
    if account is not None:
        body |= {
            "accepted_at": shown(account.accepted_at),
            "original_due_at": shown(account.original_due.at) if account.original_due else None,
            "due_at": shown(account.appointment.at) if account.appointment else None,
            "late_from": shown(account.due.late_from) if account.due else None,
            "extended": account.extensions > 0,
            "supplement_requests": account.supplement_requests,
            "working_hours_used": _hours(lambda: rules.used(account, waits, clock, at)),
            "working_hours_left": _hours(lambda: rules.left(account, clock, at)),
            "overdue": rules.overdue(account, at),
            "finished_at": shown(account.finished_at),
            "verdict": account.verdict.name.lower() if account.verdict else None,
            **_national(reckoned, at, reference.national),
        }
    return json_answer(body)


def _told(reckoned: usecases.Reckoned) -> list[Line]:
    """The account line by line; at its end what the applicant is to do, and until when."""
    row = reckoned.row
    lines = explained(reckoned.told, reckoned.clock)
    if row["provisional"]:
        lines.append(UNSURE)
    if row["answer_due_at"] is not None:
        lines.append(to_answer(row["answer_due_at"], reckoned.clock.supplement, closes=row["lapses_at"] is not None))
    return lines


def _national(reckoned: usecases.Reckoned, at: datetime, by: Compare) -> dict[str, Any]:
    returned_at = reckoned.row["returned_at"]
    try:
        found = rules.national_score(
            reckoned.told, reckoned.clock, at, returned_at=returned_at, terms=reckoned.terms, by=by
        )
    except CalendarMissing:
        return {}
    if found is None:
        return {}
    return {
        "national_verdict": "on_time" if found.on_time else "overdue",
        "national_explanation": _lines(explained_nationally(found)),
    }


_OF_AN_ACCOUNT = (
    *("accepted_at", "original_due_at", "due_at", "late_from", "working_hours_used", "working_hours_left"),
    *("finished_at", "verdict", "national_verdict", "national_explanation"),
)


@router.get(
    "/deadline-preview",
    operation_id="previewDeadline",
    summary="Xem trước ngày hẹn trả · The date that a dossier would get",
    response_description="The date, and how it is reckoned",
    response_model=DeadlinePreview,
    responses=refusals("invalid_request"),
)
async def preview(
    reference: ReferenceOf,
    procedure: Annotated[Code, Query(description="Procedure code", examples=["2.000908"])],
    agency: Annotated[Code, Query(description="Receiving agency", examples=["19333"])],
    channel: Annotated[ChannelName, Query(description="How it would come in")] = "counter",
    case: Annotated[
        int, Query(ge=1, le=99, description="Which of the procedure's terms, `GET /v1/procedures/{code}`", examples=[1])
    ] = 1,
    at: Annotated[InstantIn | None, Query(description="When it would be accepted; now unless given")] = None,
) -> Response:
    """Public: what the receipt would show, and why. By the same functions as a reception."""
    instant: datetime = at or now()
    found = usecases.preview(reference, procedure, agency, Channel[channel.upper()], instant, case)
    due, clock = found.step.event.due, found.place.clock
    body = {
        **_rules(clock, provisional=found.provisional),
        "procedure": found.place.version.code,
        "agency": found.place.agency.code,
        "channel": channel,
        "case": found.place.case,
        "at": shown(instant),
        "due_at": shown(due.at) if due else None,
        "due_day": due.day if due else None,
        "explanation": _lines([*previewed(instant, due, clock), *([UNSURE] if found.provisional else [])]),
    }
    return json_answer(body)


def _rules(clock: Clock, *, provisional: bool) -> dict[str, Any]:
    rule = clock.supplement
    return {
        "regime": rule.regime,
        "regime_confirmed": rule.confirmed,
        "supplement_effect": rule.effect.value,
        "term": term_name(clock.term)._asdict(),
        "due_is_provisional": provisional,
    }


def _span(wait: rules.Span, clock: Clock, until: datetime) -> dict[str, Any]:
    return {
        "kind": wait.kind,
        "begin": shown(wait.begin),
        "end": shown(wait.end),
        "clock": wait.clock,
        "stopped_clock": wait.stopped_clock,
        "working_hours": _hours(lambda: rules.worked(clock, wait.begin, wait.end or until)),
    }


def _lines(lines: list[Line]) -> list[dict[str, str]]:
    return [line._asdict() for line in lines]


def _hours(reckon: Callable[[], timedelta | None]) -> float | None:
    """Working hours; None where there are none to tell, or they reach into a year without a calendar."""
    try:
        span = reckon()
    except CalendarMissing:
        return None
    return round(span.total_seconds() / 3600, 2) if span is not None else None
