"""HTTP of the register of apologies: proposals, letters, sendings, receipts, and what is left to do of them."""

from datetime import datetime
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from intake_service.apologies import rules, usecases
from shared.contracts.apologies import (
    Apologies,
    Apology,
    ExtensionProposal,
    ExtensionProposalIn,
    ExtensionProposals,
    OpenProposalPage,
    ReceiptIn,
    RejectionIn,
    SendingIn,
    UnsentApologyPage,
)
from shared.contracts.fields import Code
from shared.domain.civil_time import civil_day, shown
from shared.domain.personal import Datum, as_seen
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import NOTHING, Caller, Principal, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession, RecordedSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import DossierCode
from shared.web.problems import CHANGING, KEYED, LISTING, READING, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1", tags=["apologies"])

Number = Annotated[int, Path(ge=1, le=1000, description="1 is the first of the dossier")]
Agency = Annotated[Code | None, Query(description="Receiving agency, with all under it. Default: the token's")]


@router.post(
    "/dossiers/{code}/extension-proposals",
    status_code=201,
    operation_id="proposeExtension",
    summary="Đề nghị gia hạn · Propose an extension",
    response_description="The proposal: it waits for the one-stop",
    response_model=ExtensionProposal,
    responses=refusals(*CHANGING),
)
async def propose(
    request: Request,
    code: DossierCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    draft: ExtensionProposalIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """The agency that holds the dossier writes to the one-stop, at latest one day before the term ends (NĐ 61/2018 art.
    19(9)). One proposal waits at a time; what could not be extended cannot be proposed."""
    wanted = usecases.Wanted(
        code,
        now(),
        await RequestKey.of(request, principal.subject, key),
        version_of(if_match),
    )
    proposed = await usecases.propose(connection, reference, principal, wanted, draft)
    return json_answer(_proposal(proposed.row, reference), 201, replayed=proposed.replayed)


@router.get(
    "/dossiers/{code}/extension-proposals",
    operation_id="readExtensionProposals",
    summary="Các đề nghị gia hạn của hồ sơ · A dossier's proposals",
    response_description="Every proposal, and what became of it",
    response_model=ExtensionProposals,
    responses=refusals(*READING),
)
async def read_proposals(
    code: DossierCode, reference: ReferenceOf, principal: Caller, connection: ReadingSession
) -> Response:
    """Every proposal to extend it, and what became of each."""
    rows = await usecases.proposals(connection, principal, code)
    return json_answer({"items": [_proposal(row, reference) for row in rows]})


@router.post(
    "/dossiers/{code}/extension-proposals/{n}/rejection",
    operation_id="rejectExtension",
    summary="Không chấp nhận đề nghị gia hạn · Reject a proposal",
    response_description="The proposal, rejected",
    response_model=ExtensionProposal,
    responses=refusals(*READING, "conflict", "version_changed", *KEYED),
)
async def reject(
    request: Request,
    code: DossierCode,
    n: Number,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: RejectionIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """The one-stop does not take it. To take it is to extend: `POST /v1/dossiers/{code}/extensions` with `proposal`."""
    wanted = usecases.Wanted(code, now(), await RequestKey.of(request, principal.subject, key), version_of(if_match))
    rejected = await usecases.reject(connection, principal, wanted, n, body.reason)
    return json_answer(_proposal(rejected.row, reference), replayed=rejected.replayed)


@router.get(
    "/extension-proposals",
    operation_id="listOpenProposals",
    summary="Đề nghị gia hạn chờ xem xét · Proposals that wait",
    response_description="A page of proposals that wait",
    response_model=OpenProposalPage,
    responses=refusals(*LISTING),
)
async def list_open(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Agency = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Proposals that the one-stop has to decide upon, of the open dossiers that the agency received."""
    pages = Pages(room.settings.cursor_key, f"open-proposals:{agency}", int)
    (after,) = pages.after(cursor) or (0,)
    scope = sorted(asked_scope(agency, reference, principal, civil_day(now())))
    rows = await usecases.open_proposals(connection, scope, after=after, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    items = [
        {
            **_where(row, reference),
            "n": row["n"],
            "proposed_at": shown(row["proposed_at"]),
            "due_at": shown(row["due_at"]),
            "new_due_at": shown(row["new_due_at"]),
        }
        for row in rows
    ]
    return page_response(items, following)


@router.get(
    "/dossiers/{code}/apologies",
    operation_id="readApologies",
    summary="Các thư xin lỗi của hồ sơ · A dossier's apologies",
    response_description="Every apology with its sendings and receipts",
    response_model=Apologies,
    responses=refusals(*READING),
)
async def read(code: DossierCode, reference: ReferenceOf, principal: Caller, connection: RecordedSession) -> Response:
    """Every apology for it, with each sending and receipt of the letter. Where it was sent to is masked like the
    applicant's own data, and on record where it is shown."""
    found, seen = await usecases.apologies(connection, principal, code, now())
    return json_answer({"items": [_apology(each, reference, seen) for each in found]})


@router.post(
    "/dossiers/{code}/apologies/{n}/sendings",
    status_code=201,
    operation_id="recordSending",
    summary="Đã gửi thư xin lỗi · Record that an apology was sent",
    response_description="The apology with all its sendings and receipts",
    response_model=Apology,
    responses=refusals(*READING, "version_changed", *KEYED),
)
async def send(
    request: Request,
    code: DossierCode,
    n: Number,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: SendingIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """The applicant was informed, by this way then. From the first sending on the apology counts as sent."""
    told = usecases.Delivered(body.channel, body.to, body.occurred_at)
    return await _delivered(request, code, n, reference, principal, connection, told, key, if_match)


@router.post(
    "/dossiers/{code}/apologies/{n}/receipts",
    status_code=201,
    operation_id="recordReceipt",
    summary="Đã nhận thư xin lỗi · Record that an apology was received",
    response_description="The apology with all its sendings and receipts",
    response_model=Apology,
    responses=refusals(*READING, "version_changed", *KEYED),
)
async def receive(
    request: Request,
    code: DossierCode,
    n: Number,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: ReceiptIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """The letter reached the applicant, or somebody for the applicant. It was sent before that."""
    told = usecases.Delivered(None, body.by, body.occurred_at)
    return await _delivered(request, code, n, reference, principal, connection, told, key, if_match)


@router.get(
    "/apologies/unsent",
    operation_id="listUnsentApologies",
    summary="Thư xin lỗi chưa gửi · Apologies that nobody has sent",
    response_description="A page of apologies, the oldest first",
    response_model=UnsentApologyPage,
    responses=refusals(*LISTING),
)
async def list_unsent(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Agency = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Apologies, extensions among them, of which the applicant was not told yet; the oldest first."""
    pages = Pages(room.settings.cursor_key, f"unsent-apologies:{agency}", datetime, int, int)
    after = pages.after(cursor)
    scope = sorted(asked_scope(agency, reference, principal, civil_day(now())))
    rows = await usecases.unsent(connection, scope, after=after, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["made_at"], row["dossier_id"], row["n"]))
    items = [
        {
            **_where(row, reference),
            "n": row["n"],
            "kind": rules.KINDS[row["kind"]],
            "made_at": shown(row["made_at"]),
            "new_due_at": shown(row["new_due_at"]),
        }
        for row in rows
    ]
    return page_response(items, following)


async def _delivered(
    request: Request,
    code: DossierCode,
    n: int,
    reference: Reference,
    principal: Principal,
    connection: WritingSession,
    told: usecases.Delivered,
    key: str | None,
    if_match: str | None,
) -> Response:
    wanted = usecases.Wanted(code, now(), await RequestKey.of(request, principal.subject, key), version_of(if_match))
    apology, replayed = await usecases.deliver(connection, principal, wanted, n, told)
    return json_answer(_apology(apology, reference), 201, replayed=replayed)


def _where(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    agency = reference.agencies.by_id[row["agency_id"]]
    return {"code": row["code"], "agency": agency.code, "agency_name": agency.name}


def _proposal(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    return {
        "n": row["n"],
        "state": rules.state_of(row["accepted"]),
        "proposed_at": shown(row["proposed_at"]),
        "actor": row["proposed_by"],
        "for_agency": reference.agencies.by_id[row["agency_id"]].code,
        "reason": row["reason"],
        "apology": row["apology"],
        "new_due_at": shown(row["new_due_at"]),
        "number": row["number"],
        "signed_by": row["signed_by"],
        "decided_at": shown(row["decided_at"]),
        "rejection": row["rejection"],
    }


def _apology(each: usecases.Lettered, reference: Reference, seen: frozenset[Datum] = NOTHING) -> dict[str, Any]:
    row = each.row
    letter = orjson.loads(row["detail"]) if row["detail"] else {}
    return {
        "n": row["n"],
        "kind": rules.KINDS[row["kind"]],
        "seq": row["seq"],
        "made_at": shown(row["made_at"]),
        "reason": row["reason"],
        "number": letter.get("number"),
        "signed_by": letter.get("signed_by"),
        "new_due_at": shown(row["new_due_at"]),
        "sent_at": shown(row["sent_at"]),
        "received_at": shown(row["received_at"]),
        "sendings": [
            {
                "channel": sent["channel"],
                "to": as_seen(sent["words"], rules.REACHED_BY[sent["channel"]], seen),
                **_recorded(sent, reference),
            }
            for sent in each.deliveries
            if not sent["received"]
        ],
        "receipts": [
            {"by": received["words"], **_recorded(received, reference)}
            for received in each.deliveries
            if received["received"]
        ],
    }


def _recorded(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    return {
        "occurred_at": shown(row["occurred_at"]),
        "recorded_at": shown(row["recorded_at"]),
        "actor": row["actor"],
        "for_agency": reference.agencies.by_id[row["acting_agency_id"]].code,
    }
