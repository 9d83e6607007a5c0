"""HTTP of supplement rules. Reading is public: an applicant may know by which law the clock of a dossier runs."""

from decimal import Decimal
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import Response

from intake_service.supplement_rules import usecases
from intake_service.supplement_rules.rules import RuleRow
from shared.contracts.fields import Code, Day
from shared.contracts.supplement_rules import (
    AnswerTerm,
    SupplementRule,
    SupplementRuleEnd,
    SupplementRuleIn,
    SupplementRulePage,
)
from shared.domain import regimes
from shared.domain.civil_time import civil_day, shown
from shared.domain.terms import Term, TermUnit
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.kept import Kept
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, LOCATION, good
from shared.web.problems import KEYED, LOCKED, READING, refusals
from shared.web.versions import tag_of

router = APIRouter(prefix="/v1/supplement-rules", tags=["supplement rules"], route_class=Kept)

RuleId = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its number", examples=[2])]
RuleMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=40, description="The ETag of the rule as read", examples=['"3f1c0a2e7b1d4d6b"']
    ),
]


@router.get(
    "",
    operation_id="listSupplementRules",
    summary="Quy định bổ sung hồ sơ · What the law says of supplements",
    response_description="A page of rules",
    response_model=SupplementRulePage,
    responses=refusals("invalid_request"),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    connection: ReadingSession,
    procedure: Annotated[
        Code | None, Query(description="Only the rule that holds for it", examples=["2.000908"])
    ] = None,
    as_of: Annotated[Day | None, Query(description="Received on this day; today unless given")] = None,
    history: Annotated[bool, Query(description="All rules that ever were, replaced ones too")] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Public. With `procedure` the one rule for what is received on a day: a special law goes before the general one.
    Without it all rules in force that day. `confirmed` is false where the text of the law was not read, and `basis`
    says what is known."""
    day = None if history and procedure is None else as_of or civil_day(now())
    pages = Pages(room.settings.cursor_key, f"supplement rules {(procedure, as_of, history)}", int)
    (before,) = pages.after(cursor) or (None,)
    rows = await usecases.page(connection, reference, procedure, day, before, limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    return page_response([_shown(row) for row in rows], following)


@router.get(
    "/{rule_id}",
    operation_id="readSupplementRule",
    summary="Một quy định bổ sung hồ sơ · One rule",
    response_model=SupplementRule,
    responses={
        **good(200, "The rule, and the days of reception for which it holds", ETAG),
        **refusals("not_found", "invalid_request"),
    },
)
async def read(rule_id: RuleId, connection: ReadingSession) -> Response:
    """Public. A rule by its number, replaced or not."""
    return _answer_of(await usecases.one(connection, rule_id))


@router.post(
    "",
    status_code=201,
    operation_id="enterSupplementRule",
    summary="Nhập quy định bổ sung hồ sơ · Enter a rule",
    response_model=SupplementRule,
    responses={
        **good(201, "It holds for what is received from its first day on", ETAG, LOCATION),
        **refusals(*LOCKED, "agency_out_of_scope", "conflict", *KEYED),
    },
)
async def enter(
    request: Request,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    draft: SupplementRuleIn,
    key: IdempotencyKey = None,
) -> Response:
    """For what is received from `valid_from` on. The rule before it ends the day before; one that was to begin then or
    later is replaced. What was received earlier keeps the rule of its day."""
    wanted = await RequestKey.of(request, principal.subject, key)
    change = usecases.Change(wanted, now(), draft.decision, draft.reason, draft.retroactive)
    row, replayed = await usecases.enter(connection, reference, principal, _row(draft), change)
    return _answer_of(row, 201, {"Location": f"/v1/supplement-rules/{row['id']}"}, replayed=replayed)


@router.post(
    "/{rule_id}/end",
    operation_id="endSupplementRule",
    summary="Kết thúc một quy định riêng · End a special rule",
    response_model=SupplementRule,
    responses={
        **good(200, "The rule with its last day", ETAG),
        **refusals(*READING, "agency_out_of_scope", "conflict", "version_changed", *KEYED),
    },
)
async def end(
    request: Request,
    rule_id: RuleId,
    principal: Caller,
    connection: WritingSession,
    body: SupplementRuleEnd,
    key: IdempotencyKey = None,
    if_match: RuleMatch = None,
) -> Response:
    """What is received later comes under the general rule again. The general rule does not end: another is entered."""
    wanted = await RequestKey.of(request, principal.subject, key)
    change = usecases.Change(wanted, now(), body.decision, body.reason, body.retroactive)
    row = await usecases.end(connection, principal, rule_id, body.valid_to, change, tag_of(if_match))
    return _answer_of(row)


def _answer_of(
    row: asyncpg.Record, status: int = 200, headers: dict[str, str] | None = None, *, replayed: bool = False
) -> Response:
    return json_answer(_shown(row), status, {"ETag": usecases.etag(row), **(headers or {})}, replayed=replayed)


def _row(draft: SupplementRuleIn) -> RuleRow:
    rule = regimes.SupplementRule(
        effect=regimes.SupplementEffect(draft.effect),
        limit=draft.request_limit,
        ask_within=draft.ask_within,
        answer_within=_term(draft.answer_within),
        submission_within=_term(draft.submission_within),
        lapse=regimes.Lapse(draft.lapse),
        notice=draft.notice or "",
        regime=draft.regime,
        citation=draft.citation,
        confirmed=draft.confirmed,
    )
    return RuleRow(regimes.Regime(rule, draft.valid_from, None, draft.procedure), draft.basis)


def _term(given: AnswerTerm | None) -> Term | None:
    return Term(Decimal(given.value), TermUnit(given.unit)) if given is not None else None


_AS_STORED = ("effect", "request_limit", "ask_within", "lapse", "notice", "regime", "citation", "basis", "confirmed")


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": row["id"],
        "procedure": row["procedure_core"],
        "valid_from": row["valid_from"],
        "valid_to": row["valid_to"],
        **{name: row[name] for name in _AS_STORED},
        "answer_within": _answer(row["answer_value"], row["answer_unit"]),
        "submission_within": _answer(row["submission_value"], row["submission_unit"]),
        "decision": row["decision"],
        "reason": row["reason"],
        "changed_at": shown(row["entered_at"]),
        "replaced": row["replaced"],
    }


def _answer(value: Decimal | None, unit: str | None) -> dict[str, Any] | None:
    return {"value": int(value), "unit": unit} if value is not None else None
