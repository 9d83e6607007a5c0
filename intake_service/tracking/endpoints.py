"""HTTP of tracking: public, counted by client, and never kept by a cache."""

from typing import Any

import asyncpg
import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from intake_service.documents.rules import Result
from intake_service.dossiers.shapes import OUTCOME, RETURN, STATUS
from intake_service.tracking import rules, usecases
from shared.contracts.tracking import Tracked, TrackedByHolder
from shared.domain.civil_time import shown
from shared.domain.lifecycle import STATUS_VI, EventKind, Status
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.clock import now
from shared.web.counted import RATE_LIMIT, Counted
from shared.web.database import EVERY_ROW
from shared.web.places import ReceiptSecret, Secret, TrackedCode
from shared.web.problems import refusals

router = APIRouter(prefix="/v1", tags=["tracking"], route_class=Counted)


@router.get(
    "/track/{code}",
    operation_id="trackDossier",
    summary="Tra cứu tình trạng hồ sơ · Track a dossier",
    response_model=TrackedByHolder | Tracked,
    responses={
        200: {"description": "To anybody `Tracked`; to its applicant `TrackedByHolder`", "headers": RATE_LIMIT},
        **refusals("unauthenticated", "not_found", "invalid_request", "too_many_requests"),
    },
)
async def track(
    request: Request,
    room: RoomOf,
    reference: ReferenceOf,
    code: TrackedCode,
    secret: Secret = None,
    receipt_secret: ReceiptSecret = None,
) -> Response:
    """How far a dossier has come.

    Without a login: its code and its degree of completion, no more (TT 01/2018/TT-VPCP art. 16(2)d). With the secret on
    its receipt, or with the token of a citizen whose identity number is the applicant's: its state, who has it, its
    dates, and what the agency had to tell.

    A code that does not exist and one whose secret is another look the same: 404.
    """
    citizen = await room.authenticator.identity(request)
    # Anybody may ask of any dossier: how much is told, its receipt's secret decides.
    async with room.pool.acquire(EVERY_ROW) as connection:
        seen = await usecases.track(
            connection,
            room.settings.tracking_key.get_secret_value(),
            room.keyring,
            code,
            secret=secret if receipt_secret is None else receipt_secret,
            citizen=citizen,
            wrong=lambda: room.limits.guess(code, now().timestamp()),
        )
    body = _degree(seen.whole or seen.found)
    if seen.whole is not None and seen.told is not None:
        body |= _whole(seen.whole, reference)
        body["result"] = _result(seen.result)
        body["notices"] = [_notice(row) for row in seen.told if rules.concerns_the_applicant(row["kind"], _said(row))]
    return json_answer(body)


def _degree(row: asyncpg.Record) -> dict[str, Any]:
    degree = rules.degree_of(Status(row["status"]), accepted=row["accepted_at"] is not None)
    return {
        "code": row["code"],
        "degree": degree.name,
        "degree_name": degree.vietnamese,
        "step": degree.step,
        "steps": rules.STEPS,
    }


def _whole(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    version = reference.versions[row["version_id"]]
    units = reference.agencies.by_id
    agency, holder = units[row["agency_id"]], units[row["holder_id"]]
    return {
        "status": STATUS[row["status"]],
        "status_code": row["status"],
        "status_name": STATUS_VI[Status(row["status"])],
        "procedure": version.code,
        "procedure_name": version.name,
        "agency": agency.code,
        "agency_name": agency.name,
        "holder": holder.code,
        "holder_name": holder.name,
        "desk": row["desk"],
        "submitted_at": shown(row["submitted_at"]),
        "reception_due_at": shown(row["reception_due_at"]),
        "accepted_at": shown(row["accepted_at"]),
        "original_due_at": shown(row["original_due_at"]),
        "due_at": shown(row["due_at"]),
        "due_is_provisional": row["provisional"],
        "answer_due_at": shown(row["answer_due_at"]),
        "finished_at": shown(row["finished_at"]),
        "returned_at": shown(row["returned_at"]),
        "outcome": OUTCOME[row["outcome"]],
        "return_channel": RETURN[row["return_channel"]],
    }


def _result(result: Result | None) -> dict[str, Any] | None:
    """No more than that there is one: the document itself is handed over."""
    if result is None or result.number is None:
        return None
    return {"number": result.number, "issued_on": result.issued_on}


def _notice(row: asyncpg.Record) -> dict[str, Any]:
    kind, said = EventKind(row["kind"]), _said(row)
    detail = orjson.loads(row["detail"]) if row["detail"] else {}
    return {
        "kind": kind.value,
        "kind_name": rules.NOTICES[kind],
        "occurred_at": shown(row["occurred_at"]),
        # Why a reception was set right is for the record: it may name whoever the dossier was taken for.
        "reason": None if kind is EventKind.CORRECTED else row["reason"],
        "documents": detail.get("documents", []) if kind is EventKind.SUPPLEMENT_REQUESTED else [],
        "amount": said.get("amount"),
        "apology": detail.get("apology"),
        "new_due_at": shown(row["appointed"]) or rules.appointed(kind, said),
    }


def _said(row: asyncpg.Record) -> dict[str, Any]:
    said: dict[str, Any] = orjson.loads(row["payload"])
    return said
