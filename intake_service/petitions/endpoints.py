"""HTTP of petitions: what anybody sends and follows, what everybody may read, and what staff do with them."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from intake_service.petitions import rules, usecases
from intake_service.petitions.rules import Due
from intake_service.petitions.usecases import Act, Wanted
from shared.contracts.fields import Code, Day
from shared.contracts.petitions import (
    AnswerIn,
    EnteredPetitionIn,
    ForwardingIn,
    InformationIn,
    Measure,
    Petition,
    PetitionIn,
    PetitionPage,
    PetitionState,
    PetitionTerm,
    PetitionTermIn,
    PetitionTerms,
    PublicationIn,
    PublishedPetitionPage,
    QuestionIn,
    RefusalIn,
    SentPetition,
    TrackedPetition,
    WithholdingIn,
)
from shared.domain.civil_time import civil_day, shown
from shared.domain.personal import Datum, as_seen
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, Room, RoomOf
from shared.web.auth import Caller, Principal, asked_scope
from shared.web.clock import now
from shared.web.counted import RATE_LIMIT, Counted
from shared.web.database import EVERY_ROW, ReadingSession, RecordedSession, Writing, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.kept import Kept
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, LOCATION, ReceiptSecret, Secret, good
from shared.web.problems import BODY, KEYED, LISTING, LOCKED, READING, Problem, invalid, refusals
from shared.web.versions import IfMatch, version_of

#: What anybody does and follows: counted by client, kept by no cache.
public_router = APIRouter(prefix="/v1/public/petitions", tags=["petitions"], route_class=Counted)
#: What everybody may read.
kept_router = APIRouter(prefix="/v1", tags=["petitions"], route_class=Kept)
router = APIRouter(prefix="/v1/petitions", tags=["petitions"])

PetitionCode = Annotated[str, Path(max_length=60, description="Its code", examples=["PA-261127-12"])]
_DATA = (Datum.PHONE, Datum.EMAIL, Datum.ADDRESS)
_DONE: dict[int | str, dict[str, Any]] = {
    **good(200, "The petition as it stands now", ETAG),
    **refusals(*READING, "conflict", "version_changed", *KEYED),
}


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
    code, agency = _code(row), reference.agencies.by_id[row["agency_id"]]
    body = {
        "code": code,
        "secret": usecases.secret_for(_key(room), code),
        "received_at": shown(row["received_at"]),
        "agency": agency.code,
        "agency_name": agency.name,
    }
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
    return json_answer(_tracked(found, reference))


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
    return json_answer(_tracked(found, reference))


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
    return page_response([_published(row, reference) for row in rows], following)


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
    code, agency = _code(row), reference.agencies.by_id[row["agency_id"]]
    body = {
        "code": code,
        "secret": usecases.secret_for(_key(room), code),
        "received_at": shown(row["received_at"]),
        "agency": agency.code,
        "agency_name": agency.name,
    }
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
    items = [_summary(row, usecases.dues_of(reference, terms, row, now()), reference) for row in cut]
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
    return _answer(await usecases.read(connection, reference, principal, code, now()), reference)


@router.post(
    "/{code}/take-up",
    operation_id="takeUpPetition",
    summary="Nhận xử lý · Take up a petition",
    response_model=Petition,
    responses=_DONE,
)
async def take_up(
    request: Request,
    code: PetitionCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """It is the agency's own to answer. The term to answer runs from its reception, or from its forwarding."""
    return await _did(request, code, reference, principal, connection, Act("taken_up"), key, if_match)


@router.post(
    "/{code}/forward",
    operation_id="forwardPetition",
    summary="Chuyển cơ quan có thẩm quyền · Forward a petition",
    response_model=Petition,
    responses=_DONE,
)
async def forward(
    request: Request,
    code: PetitionCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: ForwardingIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """To the agency that is competent: within 5 working days of reception (NĐ 20/2008/NĐ-CP art. 9(1)d), scored within
    2. That agency's term to answer runs from then."""
    done = Act("forwarded", body.note, body.agency)
    return await _did(request, code, reference, principal, connection, done, key, if_match)


@router.post(
    "/{code}/refuse",
    operation_id="refusePetition",
    summary="Không xử lý · Refuse a petition",
    response_model=Petition,
    responses=_DONE,
)
async def refuse(
    request: Request,
    code: PetitionCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: RefusalIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """It is not dealt with, and its sender reads why."""
    done = Act("refused", body.reason)
    return await _did(request, code, reference, principal, connection, done, key, if_match)


@router.post(
    "/{code}/information-requests",
    operation_id="askPetitioner",
    summary="Yêu cầu bổ sung thông tin · Ask the petitioner",
    response_model=Petition,
    responses=_DONE,
)
async def ask(
    request: Request,
    code: PetitionCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: QuestionIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """More has to be known: scored within 5 working days. Nothing is due until the petitioner answers."""
    done = Act("information_asked", body.question)
    return await _did(request, code, reference, principal, connection, done, key, if_match)


@router.post(
    "/{code}/information",
    operation_id="recordInformation",
    summary="Ghi nhận thông tin bổ sung · Record what the petitioner answers",
    response_model=Petition,
    responses=_DONE,
)
async def record_information(
    request: Request,
    code: PetitionCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: InformationIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """As it was given at the counter or by telephone. The term to answer begins anew."""
    done = Act("information_given", body.information)
    return await _did(request, code, reference, principal, connection, done, key, if_match)


@router.post(
    "/{code}/answer",
    operation_id="answerPetition",
    summary="Trả lời · Answer a petition",
    response_model=Petition,
    responses=_DONE,
)
async def answer(
    request: Request,
    code: PetitionCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: AnswerIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """Its sender reads it: scored within 15 working days of sending or forwarding."""
    done = Act("answered", body.answer)
    return await _did(request, code, reference, principal, connection, done, key, if_match)


@router.post(
    "/{code}/publish",
    operation_id="publishPetition",
    summary="Công khai · Publish a petition with its answer",
    response_model=Petition,
    responses=_DONE,
)
async def publish(
    request: Request,
    code: PetitionCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: PublicationIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """What everybody is to read, written anew: scored within 2 working days of the answer. A text that holds the
    petitioner's name, telephone or address, or anybody's number, is refused. It stays as it is."""
    done = Act("published", publication=body)
    return await _did(request, code, reference, principal, connection, done, key, if_match)


@router.post(
    "/{code}/withhold",
    operation_id="withholdPetition",
    summary="Không công khai · Do not publish a petition",
    response_model=Petition,
    responses=_DONE,
)
async def withhold(
    request: Request,
    code: PetitionCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: WithholdingIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """It was answered and is not for everybody; why stays on record."""
    done = Act("withheld", body.reason)
    return await _did(request, code, reference, principal, connection, done, key, if_match)


async def _did(
    request: Request,
    code: str,
    reference: Reference,
    principal: Principal,
    connection: Writing,
    done: Act,
    key: str | None,
    if_match: str | None,
) -> Response:
    wanted = Wanted(code, now(), await RequestKey.of(request, principal.subject, key), version_of(if_match))
    await usecases.act(connection, reference, principal, wanted, done)
    return _answer(await usecases.after(connection, reference, code, now()), reference)


# --- as they go out -------------------------------------------------------------------------------------------------


def _key(room: Room) -> str:
    return room.settings.tracking_key.get_secret_value()


def _need_secret(room: Room, code: str, offered: str | None) -> None:
    """A Problem unless it is the petition's: a wrong one is counted, and nothing is looked up for it."""
    if offered is not None and usecases.is_secret_for(_key(room), code, offered):
        return
    if offered is not None:
        room.limits.guess(code, now().timestamp())
    raise Problem("not_found")


def _code(row: asyncpg.Record) -> str:
    return rules.code_of(row["id"], row["received_day"])


def _where(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    units = reference.agencies.by_id
    agency, holder = units[row["agency_id"]], units[row["holder_id"]]
    return {
        "agency": agency.code,
        "agency_name": agency.name,
        "holder": holder.code,
        "holder_name": holder.name,
    }


def _summary(row: asyncpg.Record, dues: list[Due], reference: Reference) -> dict[str, Any]:
    return {
        "code": _code(row),
        "kind": row["kind"],
        "channel": row["channel"],
        "state": row["state"],
        "state_name": rules.STATES[row["state"]],
        **_where(row, reference),
        "received_at": shown(row["received_at"]),
        "due": [_due(each) for each in dues],
    }


def _due(each: Due) -> dict[str, Any]:
    return {
        "step": each.term.step,
        "measure": each.term.measure,
        "due_day": each.day,
        "late": each.late,
        "citation": each.term.citation,
        "confirmed": each.term.confirmed,
    }


def _answer(found: usecases.Read, reference: Reference) -> Response:
    row, words, units = found.row, found.words, reference.agencies.by_id
    data = {datum.value: as_seen(words[datum], datum, found.seen) if words else None for datum in _DATA}
    body = {
        **_summary(row, list(found.dues), reference),
        "dossier": found.dossier,
        "title": words["title"] if words else None,
        "content": words["content"] if words else None,
        "petitioner_name": words["name"] if words else None,
        **data,
        "masked": [datum.value for datum in _DATA if words and words[datum] is not None and datum not in found.seen],
        "version": row["version"],
        "events": [
            {
                "seq": event["seq"],
                "kind": event["kind"],
                "occurred_at": shown(event["occurred_at"]),
                "actor": event["actor"],
                "for_agency": units[event["acting_agency_id"]].code,
                "to_agency": units[event["to_agency_id"]].code if event["to_agency_id"] else None,
                "words": event["words"],
                "in_time_by_law": event["in_time_by_law"],
                "in_time_by_scoring": event["in_time_by_scoring"],
            }
            for event in found.events
        ],
    }
    return json_answer(body, headers={"ETag": f'"{row["version"]}"'})


def _tracked(found: usecases.Tracked, reference: Reference) -> dict[str, Any]:
    row = found.row
    holder = reference.agencies.by_id[row["holder_id"]]
    return {
        "code": _code(row),
        "state": row["state"],
        "state_name": rules.STATES[row["state"]],
        "received_at": shown(row["received_at"]),
        "holder": holder.code,
        "holder_name": holder.name,
        "notices": [
            {
                "kind": event["kind"],
                "kind_name": rules.EVENTS[event["kind"]],
                "occurred_at": shown(event["occurred_at"]),
                "words": event["words"] if event["kind"] in rules.TOLD else None,
            }
            for event in found.notices
        ],
    }


def _published(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    agency = reference.agencies.by_id[row["answered_by_id"]]
    day: date = row["received_day"]
    return {
        "code": rules.code_of(row["petition_id"], day),
        "kind": row["kind"],
        "agency": agency.code,
        "agency_name": agency.name,
        "received_day": day,
        "published_at": shown(row["published_at"]),
        "title": row["title"],
        "content": row["content"],
        "answer": row["answer"],
    }
