"""HTTP of dossiers: receive, list, read, finish, return."""

from typing import Annotated, Any, get_args

import asyncpg
import orjson
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from intake_service.dossiers import store, usecases
from shared.contracts.fields import Day, SearchText
from shared.contracts.intake import (
    ChannelName,
    Dossier,
    DossierEvents,
    DossierIn,
    DossierPage,
    FinishIn,
    ReturnIn,
    StatusName,
)
from shared.domain.civil_time import civil_day, shown
from shared.domain.codes import is_dossier_code
from shared.domain.deadline import Verdict
from shared.domain.lifecycle import STATUS_VI, Channel, EventKind, Outcome, Status
from shared.domain.vietnamese import search_key
from shared.reference import Reference
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import STAFF, Principal, Role, allows, asked_agency
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import REPLAYED_HEADER, IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.problems import invalid, refusals

router = APIRouter(prefix="/v1/dossiers", tags=["dossiers"])

Receiver = Annotated[Principal, allows(Role.COUNTER, Role.ADMIN, Role.MACHINE)]
Finisher = Annotated[Principal, allows(Role.COUNTER, Role.HANDLER, Role.LEADER, Role.ADMIN, Role.MACHINE)]
Staff = Annotated[Principal, allows(*STAFF)]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=40, description="The dossier's ETag as read", examples=['"1"']),
]
DossierCode = Annotated[str, "A dossier's code, or its code in another system"]

# By number, as rows have them: making an enum member of each costs a page of 200 a quarter of a millisecond.
_STATUS = {int(status): status.name.lower() for status in Status}
_STATUS_NAME = {int(status): STATUS_VI[status] for status in Status}
_CHANNEL = {int(channel): channel.name.lower() for channel in Channel}
_OUTCOME: dict[int | None, str | None] = {None: None, **{int(outcome): outcome.name.lower() for outcome in Outcome}}
_VERDICT: dict[int | None, str | None] = {None: None, **{int(verdict): verdict.name.lower() for verdict in Verdict}}
_KIND = {number: kind for kind, number in usecases.KINDS.items()}
_RETURN = {number: name for name, number in usecases.RETURN_CHANNELS.items()}


@router.post(
    "",
    status_code=201,
    operation_id="receiveDossier",
    summary="Tiếp nhận hồ sơ · Receive a dossier",
    response_model=Dossier,
    responses={
        201: {"description": "Received: its code is issued and its due date reckoned"},
        **refusals(
            "malformed_json",
            "unauthenticated",
            "forbidden",
            "agency_out_of_scope",
            "body_too_large",
            "unsupported_media_type",
            "invalid_request",
            "idempotency_key_reused",
        ),
    },
)
async def receive(
    request: Request,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Receiver,
    draft: DossierIn,
    key: IdempotencyKey = None,
) -> Response:
    """Receive a dossier at the one-stop, now.

    Number, dossier and first event are written in one transaction. The code (`{agency}-{yymmdd}-{nnnn}`) is gapless
    per agency and day and never changes. `due_at` comes from the procedure's term on this channel, the working
    calendar and the agency's sessions. Repeating the request with its `Idempotency-Key` gives the same dossier.
    """
    wanted = RequestKey.of(principal.subject, usecases.ROUTE, key, await request.body())
    received = await usecases.receive(room.pool, reference, principal, draft, wanted, now())
    if received.replayed:
        async with room.pool.acquire() as connection:
            row = await usecases.one(connection, received.code, principal)
        return _dossier_response(row, reference, 201, REPLAYED_HEADER)
    body = _received(received, draft, reference)
    headers = {"Location": f"/v1/dossiers/{received.code}", "ETag": '"1"'}
    return Response(orjson.dumps(body), 201, headers, "application/json")


@router.get(
    "",
    operation_id="listDossiers",
    summary="Danh sách, tìm kiếm hồ sơ · List and search dossiers",
    response_model=DossierPage,
    responses=refusals("unauthenticated", "forbidden", "agency_out_of_scope", "invalid_request"),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Staff,
    connection: ReadingSession,
    q: Annotated[SearchText | None, Query(description="A code, a phone number, or a name without diacritics")] = None,
    agency: Annotated[str | None, Query(max_length=60, description="Receiving agency, with all under it")] = None,
    status: StatusName | None = None,
    channel: ChannelName | None = None,
    procedure: Annotated[str | None, Query(max_length=60)] = None,
    phone: Annotated[str | None, Query(max_length=40, description="The whole number, however it is written")] = None,
    name: Annotated[SearchText | None, Query(description="Part of the applicant's name, diacritics or not")] = None,
    received_from: Annotated[Day | None, Query(description="First day of reception")] = None,
    received_to: Annotated[Day | None, Query(description="Last day of reception")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Dossiers that the caller's agency or one under it received, newest first."""
    scope = principal.scope
    if agency is not None:
        wanted_agency = asked_agency(agency, reference, principal, civil_day(now()))
        scope = reference.agencies.scope(wanted_agency.id) & scope
    code, by_name, digits = _sought(q)
    versions = None
    if procedure is not None:
        if procedure not in reference.procedures:
            raise invalid("procedure", "unknown_procedure")
        versions = [version.id for version in reference.procedures[procedure]]
    if received_from and received_to and received_from > received_to:
        raise invalid("received_to", "period_reversed")
    wanted = store.Filter(
        agencies=sorted(scope),
        status=int(Status[status.upper()]) if status else None,
        channel=int(Channel[channel.upper()]) if channel else None,
        versions=versions,
        code=code,
        name=search_key(name) if name else by_name,
        phone=usecases.phone_digits(phone) or "-" if phone else digits,
        received_from=received_from,
        received_to=received_to,
    )
    asked = (q, agency, status, channel, procedure, phone, name, received_from, received_to)
    pages = Pages(room.settings.cursor_key, f"dossiers {asked}", int)
    (before,) = pages.after(cursor) or (None,)
    rows = await usecases.page(connection, wanted, before=before, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    return page_response([_summary(row, reference) for row in rows], following)


@router.get(
    "/{code}",
    operation_id="readDossier",
    summary="Một hồ sơ · One dossier",
    response_model=Dossier,
    responses=refusals("unauthenticated", "forbidden", "not_found"),
)
async def read(code: DossierCode, reference: ReferenceOf, principal: Staff, connection: ReadingSession) -> Response:
    """A dossier by its code, or by the code it had in another system."""
    return _dossier_response(await usecases.one(connection, code, principal), reference)


@router.get(
    "/{code}/events",
    operation_id="readDossierEvents",
    summary="Quá trình xử lý · A dossier's history",
    response_model=DossierEvents,
    responses=refusals("unauthenticated", "forbidden", "not_found"),
)
async def read_events(
    code: DossierCode, reference: ReferenceOf, principal: Staff, connection: ReadingSession
) -> Response:
    """Everything that happened to a dossier: append-only, each event hashed onto the one before it."""
    rows = await usecases.history(connection, code, principal)
    items = [
        {
            "seq": row["seq"],
            "kind": row["kind"],
            "status": _STATUS[row["status"]],
            "occurred_at": shown(row["occurred_at"]),
            "recorded_at": shown(row["recorded_at"]),
            "actor": row["actor"],
            "for_agency": reference.agencies.by_id[row["acting_agency_id"]].code,
            "detail": orjson.loads(row["payload"]),
            "hash": row["hash"].hex(),
        }
        for row in rows
    ]
    return Response(orjson.dumps({"items": items}), media_type="application/json")


_CHANGES = refusals(
    "malformed_json",
    "unauthenticated",
    "forbidden",
    "not_found",
    "not_allowed_in_status",
    "version_changed",
    "body_too_large",
    "unsupported_media_type",
    "invalid_request",
    "idempotency_key_reused",
)


@router.post(
    "/{code}/finish",
    operation_id="finishDossier",
    summary="Xử lý xong · The handling agency is done",
    response_model=Dossier,
    responses=_CHANGES,
)
async def finish(
    request: Request,
    code: DossierCode,
    reference: ReferenceOf,
    principal: Finisher,
    connection: WritingSession,
    body: FinishIn | None = None,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """Processing ends here, not at collection: whoever collects late does not make the agency late. A refusal on
    the merits is a result too (NĐ 61/2018 art. 19(8)). Without a body: granted, now."""
    body = body or FinishIn()
    act = usecases.Act(
        EventKind.FINISHED,
        RequestKey.of(principal.subject, f"POST /v1/dossiers/{code}/finish", key, await request.body()),
        now(),
        occurred_at=body.occurred_at,
        outcome=Outcome[body.outcome.upper()],
        on_behalf_of=(body.on_behalf_of.actor, body.on_behalf_of.agency) if body.on_behalf_of else None,
        expected_version=_version(if_match),
    )
    return await _advanced(connection, reference, principal, code, act)


@router.post(
    "/{code}/return",
    operation_id="returnDossier",
    summary="Trả kết quả · Hand the result to the applicant",
    response_model=Dossier,
    responses=_CHANGES,
)
async def hand_back(
    request: Request,
    code: DossierCode,
    reference: ReferenceOf,
    principal: Receiver,
    connection: WritingSession,
    body: ReturnIn | None = None,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """The applicant has the result (NĐ 61/2018 art. 20). Without a body: now."""
    body = body or ReturnIn()
    act = usecases.Act(
        EventKind.RETURNED,
        RequestKey.of(principal.subject, f"POST /v1/dossiers/{code}/return", key, await request.body()),
        now(),
        occurred_at=body.occurred_at,
        expected_version=_version(if_match),
    )
    return await _advanced(connection, reference, principal, code, act)


async def _advanced(
    connection: WritingSession, reference: Reference, principal: Principal, code: str, act: usecases.Act
) -> Response:
    replayed = await usecases.advance(connection, reference, principal, code, act)
    row = await usecases.one(connection, code, principal)
    return _dossier_response(row, reference, 200, REPLAYED_HEADER if replayed else None)


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match == "*":
        return None
    digits = if_match.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise invalid("If-Match", "malformed", expected='"1"')
    return int(digits)


def _sought(q: str | None) -> tuple[str | None, str | None, str | None]:
    """What a search box means: (code, name, phone)."""
    if q is None:
        return None, None, None
    if is_dossier_code(q.upper()):
        return q.upper(), None, None
    digits = usecases.phone_digits(q)
    if digits and len(digits) >= 8 and not any(char.isalpha() for char in q):
        return None, None, digits
    if any(char.isdigit() for char in q):
        return q, None, None
    return None, search_key(q), None


def _dossier_response(
    row: asyncpg.Record, reference: Reference, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    body = _summary(row, reference)
    body["applicant"] = {
        "kind": _KIND[row["kind"]],
        "name": row["applicant_name"],
        "id_number": row["id_number"],
        "phone": row["phone"],
        "email": row["email"],
        "address": row["address"],
    }
    body["submitted_by"] = orjson.loads(row["submitted_by"]) if row["submitted_by"] else None
    body["documents"] = orjson.loads(row["documents"]) if row["documents"] else None
    body["summary"] = row["summary"]
    body["return_channel"] = _RETURN[row["return_channel"]]
    return Response(orjson.dumps(body), status, {"ETag": f'"{row["version"]}"', **(headers or {})}, "application/json")


def _summary(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    """A row as DossierSummary: written by hand, since validating 200 of them again costs four times as much."""
    code, legacy_code, version_id, agency_id, holder_id, desk, channel, status, applicant = row[:9]
    submitted, accepted, original, due, provisional, paused, finished, returned, outcome, verdict, number = row[9:20]
    version = reference.versions[version_id]
    units = reference.agencies.by_id
    agency = units[agency_id]
    accepted_at, due_at = shown(accepted), shown(due)
    return {
        "code": code,
        "legacy_code": legacy_code,
        "status": _STATUS[status],
        "status_code": status,
        "status_name": _STATUS_NAME[status],
        "procedure": version.code,
        "procedure_name": version.name,
        "sector": version.sector,
        "agency": agency.code,
        "agency_name": agency.name,
        "holder": units[holder_id].code,
        "desk": desk,
        "channel": _CHANNEL[channel],
        "applicant_name": applicant,
        "submitted_at": accepted_at if submitted == accepted else shown(submitted),
        "accepted_at": accepted_at,
        "original_due_at": due_at if original == due else shown(original),
        "due_at": due_at,
        "due_is_provisional": provisional,
        "paused": paused,
        "finished_at": finished and shown(finished),
        "returned_at": returned and shown(returned),
        "outcome": _OUTCOME[outcome],
        "verdict": _VERDICT[verdict],
        "version": number,
    }


def _received(received: usecases.Received, draft: DossierIn, reference: Reference) -> dict[str, Any]:
    """The dossier just received, without reading it back."""
    place, new = received.place, received.reception
    due_at = shown(new.due.at) if new.due else None
    return {
        "code": received.code,
        "legacy_code": None,
        "status": "accepted",
        "status_code": new.status,
        "status_name": STATUS_VI[Status.ACCEPTED],
        "procedure": place.version.code,
        "procedure_name": place.version.name,
        "sector": place.version.sector,
        "agency": place.agency.code,
        "agency_name": place.agency.name,
        "holder": place.agency.code,
        "desk": None,
        "channel": draft.channel,
        "applicant_name": draft.applicant.name,
        "submitted_at": shown(new.accepted_at),
        "accepted_at": shown(new.accepted_at),
        "original_due_at": due_at,
        "due_at": due_at,
        "due_is_provisional": new.provisional,
        "paused": False,
        "finished_at": None,
        "returned_at": None,
        "outcome": None,
        "verdict": None,
        "version": 1,
        "applicant": draft.applicant.model_dump(),
        "submitted_by": draft.submitted_by.model_dump() if draft.submitted_by else None,
        "documents": [item.model_dump() for item in draft.documents] if draft.documents else None,
        "summary": draft.summary,
        "return_channel": draft.return_channel,
    }


assert set(get_args(StatusName)) == set(_STATUS.values())
