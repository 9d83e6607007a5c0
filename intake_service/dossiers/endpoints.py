"""HTTP of dossiers: receive, list, read. What happens to them after is in lifecycle/."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from intake_service.dossiers import store, usecases
from intake_service.dossiers.shapes import STATUS, UNKEPT, dossier_response, received, summary
from shared.contracts.fields import Day, SearchText, ShortLine
from shared.contracts.intake import (
    ChannelName,
    Dossier,
    DossierEvents,
    DossierIn,
    DossierPage,
    StatusName,
)
from shared.domain.civil_time import civil_day, shown
from shared.domain.codes import is_dossier_code
from shared.domain.lifecycle import Channel, EventKind, Status
from shared.domain.personal import Datum
from shared.domain.vietnamese import search_key
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, Role, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession, UntoldSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.keyring import Keyring
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, LOCATION, DossierCode, good
from shared.web.problems import KEYED, LISTING, LOCKED, READING, Problem, invalid, refusals

router = APIRouter(prefix="/v1/dossiers", tags=["dossiers"])


@router.post(
    "",
    status_code=201,
    operation_id="receiveDossier",
    summary="Tiếp nhận hồ sơ · Receive a dossier",
    response_model=Dossier,
    responses={
        **good(201, "Received: its code is issued and its due date reckoned", ETAG, LOCATION),
        **refusals(*LOCKED, "agency_out_of_scope", *KEYED),
    },
)
async def receive(
    request: Request,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    draft: DossierIn,
    key: IdempotencyKey = None,
) -> Response:
    """Receive a dossier at the one-stop, now.

    Number, dossier and first event are written in one transaction. The code (`{agency}-{yymmdd}-{nnnn}`) is gapless
    per agency and day and never changes. `due_at` comes from the procedure's term on this channel, the working
    calendar and the agency's sessions. Repeating the request with its `Idempotency-Key` gives the same dossier.

    What a citizen hands in online, or comes with `submission`, is looked at first: it has status 1, a `reference` for
    its code, and `reception_due_at`, until when the one-stop is to accept or refuse it. Its term has not begun.
    """
    wanted = await RequestKey.of(request, principal.subject, key)
    submitted = draft.submission or principal.role is Role.CITIZEN
    if draft.channel != "online" and principal.role is Role.CITIZEN:
        raise Problem("forbidden")
    if draft.channel != "online" and submitted:
        raise invalid("channel", "not_one_of", expected="online")
    kind = EventKind.SUBMITTED if submitted else EventKind.ACCEPTED
    made = await usecases.receive(room.pool, reference, principal, draft, wanted, now(), room.keyring, kind=kind)
    if made.replayed:
        async with room.pool.acquire(principal.rows) as connection:
            row = await usecases.one(connection, made.code, principal)
        return dossier_response(row, reference, room.keyring, 201, replayed=True, given=draft)
    headers = {"Location": f"/v1/dossiers/{made.code}", "ETag": '"1"', **UNKEPT}
    return json_answer(received(made, draft), 201, headers)


@router.get(
    "",
    operation_id="listDossiers",
    summary="Danh sách, tìm kiếm hồ sơ · List and search dossiers",
    response_description="A page of dossiers, the newest first",
    response_model=DossierPage,
    responses=refusals(*LISTING),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    session: UntoldSession,
    q: Annotated[
        SearchText | None, Query(description="A code, a phone or identity number, or a name without diacritics")
    ] = None,
    agency: Annotated[str | None, Query(max_length=60, description="Receiving agency, with all under it")] = None,
    status: Annotated[StatusName | None, Query(description="In this status now")] = None,
    channel: Annotated[ChannelName | None, Query(description="Handed in this way")] = None,
    procedure: Annotated[str | None, Query(max_length=60, description="Procedure code, whichever its version")] = None,
    phone: Annotated[str | None, Query(max_length=40, description="The whole number, however it is written")] = None,
    id_number: Annotated[
        ShortLine | None, Query(description="The applicant's whole identity number or tax code; blanks do not count")
    ] = None,
    whose: Annotated[
        ShortLine | None,
        Header(
            alias="Applicant-Id-Number",
            description="The same where a client can send a header: an address stands in logs. It comes first",
            examples=["045190000001"],
        ),
    ] = None,
    name: Annotated[SearchText | None, Query(description="Part of the applicant's name, diacritics or not")] = None,
    received_from: Annotated[Day | None, Query(description="First day of reception")] = None,
    received_to: Annotated[Day | None, Query(description="Last day of reception")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Dossiers that the caller's agency or one under it received, newest first.

    Found by an identity number, an item does not show it: nothing of an applicant but the name stands in a list. What a
    search by an identity or phone number has found is on record like a reading of it (`GET /v1/access-records`), and
    there are so many such searches an hour: whoever sees a number masked could try it out.
    """
    scope = asked_scope(agency, reference, principal, civil_day(now()))
    code, by_name, digits = _sought(q, room.keyring)
    number = whose or id_number
    sought = _numbers_in(number=number, phone=phone, digits=digits)
    if sought:
        room.limits.seek(principal.subject, now().timestamp(), machine=principal.role is Role.MACHINE)
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
        phone=usecases.phone_digits(phone) or "-" if phone else None,
        id_number=usecases.number_of(number, room.keyring) if number else None,
        digits=digits,
        received_from=received_from,
        received_to=received_to,
    )
    asked = (q, agency, status, channel, procedure, phone, number, name, received_from, received_to)
    pages = Pages(room.settings.cursor_key, f"dossiers {asked}", int)
    (before,) = pages.after(cursor) or (None,)
    rows = await usecases.page(session, wanted, before=before, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    await usecases.found(session, principal, rows, sought, now())
    return page_response([summary(row, reference) for row in rows], following)


@router.get(
    "/{code}",
    operation_id="readDossier",
    summary="Một hồ sơ · One dossier",
    response_model=Dossier,
    responses={**good(200, "The dossier", ETAG), **refusals(*READING)},
)
async def read(
    code: DossierCode, reference: ReferenceOf, principal: Caller, room: RoomOf, session: UntoldSession
) -> Response:
    """A dossier by its code, or by the code it had in another system.

    Of the applicant, and of who handed it in, identity number, phone, e-mail and address are shown to whoever needs
    them, by role and by what ties the token's agency to the dossier (docs/rights.md); `applicant.masked` names those
    that are shown in part only. Answers of acts always mask them. Whatever is shown unmasked is on record
    (`GET /v1/access-records`).
    """
    row, seen = await usecases.read(session, code, principal, now())
    return dossier_response(row, reference, room.keyring, seen=seen)


@router.get(
    "/{code}/events",
    operation_id="readDossierEvents",
    summary="Quá trình xử lý · A dossier's history",
    response_description="Every event, the first at the top",
    response_model=DossierEvents,
    responses=refusals(*READING),
)
async def read_events(
    code: DossierCode, reference: ReferenceOf, principal: Caller, connection: ReadingSession
) -> Response:
    """Everything that happened to a dossier: append-only, each event hashed onto the one before it."""
    rows = await usecases.history(connection, code, principal)
    items = [
        {
            "seq": row["seq"],
            "kind": row["kind"],
            "status": STATUS[row["status"]],
            "occurred_at": shown(row["occurred_at"]),
            "recorded_at": shown(row["recorded_at"]),
            "actor": row["actor"],
            "for_agency": reference.agencies.by_id[row["acting_agency_id"]].code,
            "detail": orjson.loads(row["payload"]),
            "hash": row["hash"].hex(),
        }
        for row in rows
    ]
    return json_answer({"items": items})


def _numbers_in(*, number: str | None, phone: str | None, digits: store.Digits | None) -> frozenset[Datum]:
    """By what of an applicant a list is searched; what a search box takes may be either."""
    either = digits is not None
    by = {Datum.ID_NUMBER: number is not None or either, Datum.PHONE: phone is not None or either}
    return frozenset(datum for datum, given in by.items() if given)


def _sought(q: str | None, ring: Keyring) -> tuple[str | None, str | None, store.Digits | None]:
    """What a search box means: (code, name, digits of a phone or an identity number)."""
    if q is None:
        return None, None, None
    if is_dossier_code(q.upper()):
        return q.upper(), None, None
    digits = usecases.phone_digits(q)
    if digits and len(digits) >= 8 and not any(char.isalpha() for char in q):
        return None, None, store.Digits(digits, usecases.number_of(q, ring))
    if any(char.isdigit() for char in q):
        return q, None, None
    return None, search_key(q), None
