"""HTTP of sealed editions: seal a report or correct an edition, read it, see what it changed, compute it again."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import Response

from shared.contracts.editions import (
    ChangeCounts,
    Edition,
    EditionChangePage,
    EditionIn,
    EditionPage,
    Recomputation,
    SealedReport,
)
from shared.contracts.fields import Code, Name
from shared.domain.civil_time import civil_day, shown
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.database import EVERY_ROW, LongAwaited, LongFiguresSession, Reading, ReadingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import LOCATION, good
from shared.web.problems import KEYED, LISTING, LOCKED, READING, refusals
from shared.web.versions import is_known, known_to
from stats_service.editions import rules, usecases
from stats_service.editions.changes import Change
from stats_service.exports.usecases import FILE_CONTENT, FileFormat, file_answer

router = APIRouter(prefix="/v1/reports/editions", tags=["editions"])
Number = Annotated[int, Path(ge=1, le=2**53 - 1, description="Its id", examples=[41])]
_SHOWN_CHANGES = 100
#: An edition never changes; but it is for those whom the token lets see it.
_FOR_GOOD = "private, max-age=31536000, immutable"
_DIGEST: dict[str, Any] = {
    "ETag": {
        "description": "SHA-256 of the bytes, in hexadecimal",
        "schema": {"type": "string", "examples": ['"e3b0c44298fc1c14"']},
    },
    "Cache-Control": {"description": "For good", "schema": {"type": "string", "examples": [_FOR_GOOD]}},
}


@router.post(
    "",
    status_code=201,
    operation_id="sealEdition",
    summary="Chốt báo cáo · Seal a report, or correct an edition",
    response_model=Edition,
    responses={
        **good(201, "Sealed: computed now, kept for good", LOCATION),
        **refusals(*LOCKED, "agency_out_of_scope", "conflict", *KEYED, "unavailable"),
    },
)
async def seal(
    request: Request,
    reference: ReferenceOf,
    principal: Caller,
    room: RoomOf,
    body: EditionIn,
    key: IdempotencyKey = None,
) -> Response:
    """Keep a report as it is now: its parameters, the events that it knows, the names that it was made with, and its
    bytes with their hash. Whatever is recorded, corrected, renamed or reorganised later, it can be computed again, and
    gives the same bytes.

    A report is sealed once, to whomever it is sent. What was wrong in it is put right by a correction: a new edition of
    the same report, which names the one it corrects and says why. One that would change no figure is refused.
    """
    wanted = await RequestKey.of(request, principal.subject, key)
    column = int(room.settings.awaiting_supplement_column)
    edition, replayed = await usecases.seal(room.pool, reference, principal, body, wanted, now(), column)
    async with room.pool.acquire(EVERY_ROW) as connection:
        told = await usecases.how_much_changed(connection, edition)
    headers = {"Location": f"/v1/reports/editions/{edition.id}"}
    return json_answer(_whole(edition, told), 201, headers, replayed=replayed)


@router.get(
    "",
    operation_id="listEditions",
    summary="Danh sách bản chốt · Sealed editions",
    response_description="A page of editions, the newest first",
    response_model=EditionPage,
    responses=refusals(*LISTING),
)
async def listed(
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    session: ReadingSession,
    agency: Annotated[Code | None, Query(description="Of this agency, and of all under it", examples=["45"])] = None,
    report: Annotated[SealedReport | None, Query(description="Of this report", examples=["resolution"])] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """The editions of the agencies that the token covers, those that were corrected too: `corrected_by` says which."""
    scope = asked_scope(agency, reference, principal, civil_day(now()))
    pages = Pages(room.settings.cursor_key, f"editions:{agency}:{report}", int)
    after = pages.after(cursor)
    rows = await usecases.listed(session, scope, report, before=after[0] if after else None, limit=limit + 1)
    page, following = pages.cut(rows, limit, lambda edition: (edition.id,))
    return page_response([_edition(edition) for edition in page], following)


@router.get(
    "/{edition_id}",
    operation_id="readEdition",
    summary="Một bản chốt · One edition",
    response_description="What is kept of it, and how much it changed",
    response_model=Edition,
    responses=refusals(*READING, "invalid_request"),
)
async def read(edition_id: Number, principal: Caller, session: ReadingSession) -> Response:
    """All that is kept of an edition, but its bytes: GET …/content."""
    edition = await usecases.read(session, principal, edition_id)
    return json_answer(_whole(edition, await usecases.how_much_changed(session, edition)))


@router.get(
    "/{edition_id}/content",
    operation_id="readEditionContent",
    summary="Nội dung bản chốt · The bytes of an edition",
    response_class=Response,
    responses={
        200: {
            "description": "The bytes as sealed: JSON in the canonical form of RFC 8785, so that anybody can hash them",
            "content": {"application/json": {"schema": {"type": "object", "description": "By its `format`"}}},
            "headers": _DIGEST,
        },
        304: {"description": "The client has it: an edition never changes"},
        **refusals(*READING, "invalid_request"),
    },
)
async def content(
    request: Request,
    edition_id: Number,
    principal: Caller,
    session: ReadingSession,
    _: Annotated[
        str | None,
        Header(
            alias="If-None-Match",
            max_length=1000,
            description="Its ETag as read before",
            examples=['"e3b0c44298fc1c14"'],
        ),
    ] = None,
) -> Response:
    """The report itself, byte for byte as it was sealed. `sha256sum` of it is its ETag, and the edition's `sha256`."""
    edition = await usecases.read(session, principal, edition_id)
    headers = {"ETag": edition.etag, "Cache-Control": _FOR_GOOD, "Vary": "Authorization"}
    if is_known(known_to(request), edition.etag):
        return Response(status_code=304, headers=headers)
    return Response(await usecases.content(session, edition), 200, headers, "application/json")


@router.get(
    "/{edition_id}/print",
    operation_id="printEdition",
    summary="In bản chốt · An edition on paper",
    response_class=Response,
    responses={
        200: {"description": "The table as it was sealed", "content": FILE_CONTENT},
        **refusals(*READING, "invalid_request", "not_acceptable", "conflict", "unavailable"),
    },
)
async def on_paper(
    edition_id: Number,
    principal: Caller,
    room: RoomOf,
    _: LongAwaited,
    format: Annotated[FileFormat, Query(description="csv, xlsx, docx or pdf; print holds 2,000 rows")] = "pdf",
    receiver: Annotated[
        Name | None,
        Query(
            description="ii-06a: to whom this print is sent, if not to whom the edition says; a note then names the "
            "latter",
            examples=["Bộ Tư pháp"],
        ),
    ] = None,
) -> Response:
    """The table to be signed: what was sealed, whatever is known since, with the number of the edition and the SHA-256
    of its bytes, by which a paper is held against it."""
    async with room.pool.acquire(EVERY_ROW) as connection:  # given back before it is printed
        edition = await usecases.read(connection, principal, edition_id)
        filled = await usecases.on_paper(Reading(connection), edition, receiver)
    return await file_answer(filled, format)


@router.get(
    "/{edition_id}/changes",
    operation_id="listEditionChanges",
    summary="Đính chính thay đổi gì · What a correction changed",
    response_description="A page of changes: of the total first, then row by row",
    response_model=EditionChangePage,
    responses=refusals(*READING, "invalid_request"),
)
async def changes(
    edition_id: Number,
    principal: Caller,
    room: RoomOf,
    session: ReadingSession,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Each figure that an edition says otherwise than the one it corrects, and rows that came or went. Of a first
    edition: nothing."""
    edition = await usecases.read(session, principal, edition_id)
    pages = Pages(room.settings.cursor_key, f"edition changes:{edition_id}", int)
    after = pages.after(cursor)
    begin = after[0] if after else 0
    rest = (await usecases.changes(session, edition))[begin:]
    page, following = pages.cut(rest, limit, lambda _: (begin + limit,))
    return page_response([_change(change) for change in page], following)


@router.get(
    "/{edition_id}/recomputation",
    operation_id="recomputeEdition",
    summary="Tính lại bản chốt · Compute an edition again",
    response_description="Whether the bytes are the same, and what differs",
    response_model=Recomputation,
    responses=refusals(*READING, "invalid_request", "unavailable"),
)
async def recomputation(edition_id: Number, principal: Caller, session: LongFiguresSession) -> Response:
    """Computes the edition again, now, from the raw events that it knows and the names that it was made with, and
    compares byte by byte. Reads the whole event log, so it takes its time; it changes nothing.
    """
    edition = await usecases.read(session, principal, edition_id)
    found = await usecases.recompute(session, edition)
    body = {
        "equal": found.equal,
        "sha256": rules.digest(found.content).hex() if found.content is not None else None,
        "findings": [finding.name for finding in found.findings],
        "changes": [_change(change) for change in found.changes[:_SHOWN_CHANGES]],
    }
    return json_answer(body, headers={"Cache-Control": "no-store"})


def _edition(edition: rules.Edition) -> dict[str, Any]:
    sealing = edition.sealing
    snapshot, txid, event_id = sealing.position
    return {
        "id": edition.id,
        "number": sealing.number,
        "report": sealing.report,
        "format": sealing.format,
        "parameters": sealing.parameters.wire(),
        "sealed_at": shown(sealing.sealed_at),
        "sealed_by": edition.sealed_by,
        "position": {"snapshot": snapshot, "txid": txid, "event_id": event_id},
        "picture": sealing.picture.hex(),
        "sha256": edition.sha256.hex(),
        "size": edition.size,
        "link": {"number": edition.link[0], "seal": edition.link[1].hex()} if edition.link else None,
        "synthetic": sealing.synthetic,
        "note": sealing.note,
        "corrects": edition.corrects,
        "corrected_by": edition.corrected_by,
        "reason": sealing.reason,
    }


def _whole(edition: rules.Edition, changed: ChangeCounts | None) -> dict[str, Any]:
    return {**_edition(edition), **({"changes": changed.model_dump()} if changed else {})}


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "key": change.key,
        "name": change.name,
        "within": list(change.within),
        "figure": change.figure,
        "before": change.before,
        "after": change.after,
    }
