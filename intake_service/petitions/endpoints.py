"""HTTP of petitions: what anybody sends and follows, what everybody may read, and what staff enter and read."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from intake_service.petitions import shapes, usecases
from intake_service.petitions.shapes import PetitionCode
from shared.contracts.fields import Code, Day
from shared.contracts.petitions import (
    EnteredPetitionIn,
    InformationIn,
    Measure,
    Petition,
    PetitionIn,
    PetitionPage,
    PetitionState,
    PetitionTerm,
    PetitionTermIn,
    PetitionTerms,
    PublishedPetitionPage,
    SentPetition,
    TrackedPetition,
)
from shared.domain.civil_time import civil_day
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, Room, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.counted import RATE_LIMIT, Counted
from shared.web.database import EVERY_ROW, ReadingSession, RecordedSession, Writing, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.kept import Kept
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, LOCATION, ReceiptSecret, Secret, good
from shared.web.problems import BODY, KEYED, LISTING, LOCKED, READING, Problem, invalid, refusals

#: What anybody does and follows: counted by client, kept by no cache.
public_router = APIRouter(prefix="/v1/public/petitions", tags=["petitions"], route_class=Counted)
#: What everybody may read.
kept_router = APIRouter(prefix="/v1", tags=["petitions"], route_class=Kept)
router = APIRouter(prefix="/v1/petitions", tags=["petitions"])


# --- from outside ---------------------------------------------------------------------------------------------------


@public_router.post(
    "",
    status_code=201,
    operation_id="submitPetition",
    summary="Gửi phản ánh, kiến nghị · Send a petition",
    response_model=SentPetition,
    responses={
        201: {"description": "It is received", "headers": {**RATE_LIMIT, **LOCATION}},
        **refusals("conflict", "too_many_requests", *KEYED),
    },
)
async def submit(
    request: Request, room: RoomOf, reference: ReferenceOf, draft: PetitionIn, key: IdempotencyKey = None
) -> Response:
    """From anybody, on a policy or procedure, or on how officers behaved. Name, address and telephone are needed
    (NĐ 20/2008/NĐ-CP). The secret that is answered opens it, with its code, to nobody but its sender. A client may send
    `MOTCUA_PETITIONS_PER_HOUR` (10)."""
    room.limits.petition(request, now().timestamp())
    wanted = await RequestKey.of(request, usecases.ANYBODY, key)
    async with room.pool.acquire(EVERY_ROW) as connection, connection.transaction():
        row, replayed = await usecases.receive(Writing(connection), reference, draft, wanted, now())
    code = shapes.code_of(row)
    body = shapes.sent(row, usecases.secret_for(_key(room), code), reference)
    return json_answer(body, 201, {"Location": f"/v1/public/petitions/{code}"}, replayed=replayed)


@public_router.get(
    "/{code}",
    operation_id="trackPetition",
    summary="Theo dõi phản ánh, kiến nghị · Follow a petition",
    response_model=TrackedPetition,
    responses={
        200: {"description": "How it stands, and what became of it", "headers": RATE_LIMIT},
        **refusals("not_found", "invalid_request", "too_many_requests"),
    },
)
async def track(
    room: RoomOf,
    reference: ReferenceOf,
    code: PetitionCode,
    secret: Secret = None,
    receipt_secret: ReceiptSecret = None,
) -> Response:
    """By the secret that was answered when it was sent; without it, or with another, there is no such petition."""
    _need_secret(room, code, secret if receipt_secret is None else receipt_secret)
    async with room.pool.acquire(EVERY_ROW) as connection:
        found = await usecases.track(connection, code)
    return json_answer(shapes.tracked(found, reference))


@public_router.post(
    "/{code}/information",
    operation_id="giveInformation",
    summary="Bổ sung thông tin · Answer what was asked",
    response_model=TrackedPetition,
    responses={
        200: {"description": "How it stands now", "headers": RATE_LIMIT},
        **refusals("not_found", "conflict", "too_many_requests", *BODY),
    },
)
async def give_information(
    room: RoomOf,
    reference: ReferenceOf,
    code: PetitionCode,
    body: InformationIn,
    secret: Secret = None,
    receipt_secret: ReceiptSecret = None,
) -> Response:
    """The sender answers the agency's question, once for each; its term runs from then."""
    _need_secret(room, code, secret if receipt_secret is None else receipt_secret)
    async with room.pool.acquire(EVERY_ROW) as connection, connection.transaction():
        await usecases.inform(Writing(connection), reference, code, body.information, now())
        found = await usecases.track(connection, code)
    return json_answer(shapes.tracked(found, reference))


@kept_router.get(
    "/public/petitions",
    operation_id="listPublishedPetitions",
    summary="Phản ánh, kiến nghị đã công khai · Published petitions",
    response_description="A page of petitions with their answers, the latest first",
    response_model=PublishedPetitionPage,
    responses=refusals("invalid_request"),
)
async def published(
    room: RoomOf,
    reference: ReferenceOf,
    agency: Annotated[Code | None, Query(description="Answered by this agency or one under it")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Public. What was said and answered, as the agency wrote it anew for everybody: nobody's name, number or address
    (NĐ 20/2008/NĐ-CP art. 19)."""
    pages = Pages(room.settings.cursor_key, f"published-petitions:{agency}", datetime, int)
    before, tree = pages.after(cursor), reference.agencies
    agencies = None
    if agency is not None:
        unit = tree.on(agency, civil_day(now())) or tree.latest(agency, civil_day(now()))
        if unit is None:
            raise invalid("agency", "unknown_agency")
        agencies = sorted(tree.scope(unit.id))
    async with room.pool.acquire(EVERY_ROW) as connection:
        rows = await usecases.published(connection, agencies, before=before, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["published_at"], row["petition_id"]))
    return page_response([shapes.published(row, reference) for row in rows], following)


@kept_router.get(
    "/petition-terms",
    operation_id="listPetitionTerms",
    summary="Thời hạn xử lý phản ánh, kiến nghị · Terms of petitions",
    response_description="The terms, each with its source and whether that was read",
    response_model=PetitionTerms,
    responses=refusals("invalid_request"),
)
async def list_terms(
    connection: ReadingSession,
    as_of: Annotated[Day | None, Query(description="Received on this day; today unless given")] = None,
    history: Annotated[bool, Query(description="All terms that ever were, replaced ones too")] = False,
) -> Response:
    """Public. In working days, the day itself not counted: the law's own, and those of the national scoring."""
    rows = await usecases.terms(connection, None if history else as_of or civil_day(now()))
    return json_answer({"items": [dict(row) for row in rows]})


@kept_router.post(
    "/petition-terms",
    status_code=201,
    operation_id="enterPetitionTerm",
    summary="Nhập thời hạn xử lý phản ánh, kiến nghị · Enter a term",
    response_model=PetitionTerm,
    responses={
        **good(201, "It holds for what is received from its first day on"),
        **refusals(*LOCKED, "agency_out_of_scope", "conflict", *KEYED),
    },
)
async def enter_term(
    request: Request, principal: Caller, connection: WritingSession, draft: PetitionTermIn, key: IdempotencyKey = None
) -> Response:
    """For what is received from `valid_from` on, tomorrow at the earliest; the term before it ends the day before. What
    was received earlier keeps its own."""
    wanted = await RequestKey.of(request, principal.subject, key)
    row, replayed = await usecases.enter_term(connection, principal, draft, wanted, now())
    return json_answer(dict(row), 201, replayed=replayed)


# --- by staff -------------------------------------------------------------------------------------------------------


@router.post(
    "",
    status_code=201,
    operation_id="enterPetition",
    summary="Nhập phản ánh, kiến nghị · Enter a petition",
    response_model=SentPetition,
    responses={
        **good(201, "It is entered; the secret is for its sender", LOCATION),
        **refusals(*LOCKED, "agency_out_of_scope", "conflict", *KEYED),
    },
)
async def enter(
    request: Request,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    draft: EnteredPetitionIn,
    key: IdempotencyKey = None,
) -> Response:
    """One that came at the counter, by post, telephone or e-mail; its terms run from `received_at`."""
    wanted = await RequestKey.of(request, principal.subject, key)
    row, replayed = await usecases.enter(connection, reference, principal, draft, wanted, now())
    code = shapes.code_of(row)
    body = shapes.sent(row, usecases.secret_for(_key(room), code), reference)
    return json_answer(body, 201, {"Location": f"/v1/petitions/{code}"}, replayed=replayed)


@router.get(
    "",
    operation_id="listPetitions",
    summary="Danh sách phản ánh, kiến nghị · List petitions",
    response_description="A page of petitions, those first that were received first",
    response_model=PetitionPage,
    responses=refusals(*LISTING),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Annotated[Code | None, Query(description="Received or held by it or one under it. Default: all")] = None,
    state: Annotated[PetitionState | None, Query(description="Only such")] = None,
    late: Annotated[bool, Query(description="Only those whose term is over")] = False,
    due_by: Annotated[Day | None, Query(description="Only those whose term ends on this day, or has ended")] = None,
    measure: Annotated[Measure | None, Query(description="By which terms; by any unless given")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """What is to be done, and until when: `late=true` what is over its term. Without what they say and whose they are;
    those on officers' behaviour for leaders, supervisors and admins only."""
    today, scope = civil_day(now()), f"{(agency, state, late, due_by, measure)}"
    pages = Pages(room.settings.cursor_key, f"petitions:{scope}", datetime, int)
    after = pages.after(cursor)
    before = due_by + timedelta(days=1) if due_by else None
    if late:
        before = min(today, before) if before else today
    agencies = sorted(asked_scope(agency, reference, principal, today))
    listing = usecases.Listing(agencies, state, before, measure)
    rows, terms = await usecases.page(connection, reference, principal, listing, after=after, limit=limit)
    cut, following = pages.cut(rows, limit, lambda row: (row["received_at"], row["id"]))
    items = [shapes.summary(row, usecases.dues_of(reference, terms, row, now()), reference) for row in cut]
    return page_response(items, following)


@router.get(
    "/{code}",
    operation_id="readPetition",
    summary="Một phản ánh, kiến nghị · One petition",
    response_model=Petition,
    responses={**good(200, "The petition, with all that happened to it", ETAG), **refusals(*READING)},
)
async def read(code: PetitionCode, reference: ReferenceOf, principal: Caller, connection: RecordedSession) -> Response:
    """With whose it is: telephone, e-mail and address masked as an applicant's are, and on record where they are
    shown."""
    return shapes.answer(await usecases.read(connection, reference, principal, code, now()), reference)


def _key(room: Room) -> str:
    return room.settings.tracking_key.get_secret_value()


def _need_secret(room: Room, code: str, offered: str | None) -> None:
    """A Problem unless it is the petition's: a wrong one is counted, and nothing is looked up for it."""
    if offered is not None and usecases.is_secret_for(_key(room), code, offered):
        return
    if offered is not None:
        room.limits.guess(code, now().timestamp())
    raise Problem("not_found")
