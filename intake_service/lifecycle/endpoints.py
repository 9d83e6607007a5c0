"""HTTP of what happens to a dossier: one row of VERBS for each, and one way through for all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from intake_service.dossiers.shapes import dossier_response
from intake_service.dossiers.usecases import one
from intake_service.lifecycle import usecases
from shared.contracts import verbs
from shared.contracts.intake import Dossier
from shared.domain.lifecycle import ApologyKind, EventKind, Outcome
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.places import ETAG, DossierCode, good
from shared.web.problems import CHANGING, Problem, Reason, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/dossiers", tags=["lifecycle"])


def _nothing(_: Any) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Verb:
    """What may be done to a dossier: its path, what it makes happen, who may, and what the log says of it. The reason
    and `detail` are words, kept apart from the log; `said` stands in it."""

    path: str
    kind: EventKind
    body: type[verbs.Verb]
    operation_id: str
    summary: str
    doc: str
    detail: Callable[[Any], Mapping[str, Any]] = _nothing
    said: Callable[[Any], Mapping[str, Any]] = _nothing
    apology: Callable[[Any], ApologyKind | None] = lambda _: None
    needs_body: bool = True


def _documents(body: Any) -> Mapping[str, Any]:
    return {"documents": [wanted.model_dump() for wanted in body.documents]} if body.documents else {}


def _request(body: verbs.SupplementRequestIn) -> Mapping[str, Any]:
    return {**_documents(body), **({"legal_basis": body.legal_basis} if body.legal_basis else {})}


def _result(body: verbs.ResultIn) -> Mapping[str, Any]:
    return body.model_dump(mode="json", exclude_none=True, include=set(verbs.RESULT_WORDS))


def _letter(body: Any) -> Mapping[str, Any]:
    return {"number": body.number, "signed_by": body.signed_by}


VERBS = (
    Verb(
        "accept",
        EventKind.ACCEPTED,
        verbs.AcceptIn,
        "acceptDossier",
        "Tiếp nhận hồ sơ trực tuyến · Accept an online submission",
        "It is complete: it gets its code, and its term begins (NĐ 61/2018 art. 17(2), 17(3)). Its reference keeps "
        "leading to it.",
        needs_body=False,
    ),
    Verb(
        "refuse",
        EventKind.NOT_ACCEPTED,
        verbs.RefuseIn,
        "refuseDossier",
        "Không tiếp nhận · Refuse an online submission",
        "Before acceptance only, with the reason (art. 17(2)). A refusal on the merits is a result: `finish` with "
        "`outcome` refused.",
    ),
    Verb(
        "supplement-requests",
        EventKind.SUPPLEMENT_REQUESTED,
        verbs.SupplementRequestIn,
        "requestSupplement",
        "Yêu cầu bổ sung · Ask the applicant to complete it",
        "In full and once (art. 11(2)c, 19(4)), through the one-stop. The clock stands still.",
        detail=_request,
    ),
    Verb(
        "supplements",
        EventKind.SUPPLEMENTED,
        verbs.SupplementIn,
        "supplementDossier",
        "Đã bổ sung · The applicant completed it",
        "Under NĐ 61/2018 art. 19(4) the term is counted again from the beginning; other law may say otherwise.",
        detail=_documents,
        needs_body=False,
    ),
    Verb(
        "payment-requests",
        EventKind.PAYMENT_REQUESTED,
        verbs.PaymentRequestIn,
        "requestPayment",
        "Yêu cầu nghĩa vụ tài chính · Ask the applicant to pay",
        "The clock stands still until it is paid.",
        said=lambda body: {"amount": body.amount} if body.amount is not None else {},
    ),
    Verb(
        "payments",
        EventKind.PAID,
        verbs.PaymentIn,
        "payDossier",
        "Đã nộp nghĩa vụ tài chính · The applicant paid",
        "The date moves on by the time waited.",
        said=lambda body: {"receipt": body.receipt} if body.receipt else {},
        needs_body=False,
    ),
    Verb(
        "extensions",
        EventKind.EXTENDED,
        verbs.ExtensionIn,
        "extendDossier",
        "Xin lỗi và hẹn lại · Apologise, and appoint a new date",
        "At latest one day before the term ends, and once (art. 19(9)). The one-stop moves the date; late stays late. "
        "With `proposal`: as the handling agency proposed, in time if it was proposed in time: judged by when it "
        "is recorded, whenever it is said to have been.",
        detail=_letter,
        apology=lambda _: ApologyKind.EXTENSION,
    ),
    Verb(
        "apologies",
        EventKind.APOLOGISED,
        verbs.ApologyIn,
        "apologise",
        "Xin lỗi vì quá hạn, vì mất, hỏng hồ sơ · Apologise for lateness, or a lost or damaged dossier",
        "For lateness that has come: the handling agency's own letter (art. 12(5)). A new time in it is the one "
        "re-appointment, which the one-stop makes; late stays late. For a dossier lost or damaged (art. 21): moves no "
        "date.",
        detail=_letter,
        said=lambda body: {"apology": body.kind},
        apology=lambda body: ApologyKind[body.kind.upper()],
    ),
    Verb(
        "withdraw",
        EventKind.WITHDRAWN,
        verbs.WithdrawIn,
        "withdrawDossier",
        "Rút hồ sơ · The applicant takes it back",
        "Ended at the applicant's request.",
    ),
    Verb(
        "stop",
        EventKind.STOPPED,
        verbs.StopIn,
        "stopDossier",
        "Dừng giải quyết · Stop",
        "Ended by the agency, with the reason that the applicant reads.",
    ),
    Verb(
        "finish",
        EventKind.FINISHED,
        verbs.FinishIn,
        "finishDossier",
        "Xử lý xong · The handling agency is done",
        "Processing ends here, not at collection: whoever collects late does not make the agency late. A refusal on "
        "the merits is a result too (art. 19(8)), and says why. Without a body: granted, now.",
        needs_body=False,
    ),
    Verb(
        "results",
        EventKind.RESULT_RECORDED,
        verbs.ResultIn,
        "recordResult",
        "Ghi nhận văn bản kết quả · Record the document that is the result",
        "Its number and date, who signed it, its file (sent as `component=result`): after `finish`, so that `return` "
        "says which result was handed over. Recorded again it is corrected, with the reason; what stood before stays "
        "on record.",
        detail=_result,
    ),
    Verb(
        "return",
        EventKind.RETURNED,
        verbs.ReturnIn,
        "returnDossier",
        "Trả kết quả · Hand the result to the applicant",
        "At the counter or by post (art. 20). Without a body: now, as the applicant had asked.",
        said=lambda body: {"channel": body.channel} if body.channel else {},
        needs_body=False,
    ),
    Verb(
        "reopen",
        EventKind.REOPENED,
        verbs.ReopenIn,
        "reopenDossier",
        "Mở lại hồ sơ · Take an end back",
        "For a finish, a stop or a refusal by mistake. The clock had run on all the time.",
    ),
)

_CHANGES = {
    **good(200, "The dossier as it stands after it", ETAG),
    **refusals(*CHANGING),
}


def _endpoint(verb: Verb) -> Callable[..., Any]:
    """The way through: from the body to the act, and back with the dossier as it stands after it."""
    body_of: Any = verb.body if verb.needs_body else verb.body | None

    async def endpoint(
        request: Request,
        code: DossierCode,
        room: RoomOf,
        reference: ReferenceOf,
        principal: Caller,
        connection: WritingSession,
        body: Annotated[body_of, Body()] = None,
        key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Response:
        asked = body or verb.body()
        wanted = await RequestKey.of(request, principal.subject, key)
        act = _act(verb, asked, wanted, if_match)
        replayed = await usecases.advance(connection, reference, principal, code, act)
        row: asyncpg.Record = await one(connection, code, principal)
        return dossier_response(row, reference, room.keyring, replayed=replayed)

    if verb.needs_body:
        endpoint.__defaults__ = (endpoint.__defaults__ or ())[1:]  # the first is the body's
    endpoint.__doc__ = verb.doc
    endpoint.__name__ = verb.operation_id
    return endpoint


def _act(verb: Verb, body: Any, request: RequestKey | None, if_match: str | None) -> usecases.Act:
    misplaced = body.misplaced() if isinstance(body, verbs.ExtensionIn) else ()
    if misplaced:
        raise Problem("invalid_request", *(Reason(name, code) for name, code in misplaced))
    outcome = getattr(body, "outcome", None)
    reason = getattr(body, "reason", None)
    return usecases.Act(
        verb.kind,
        request,
        now(),
        occurred_at=body.occurred_at,
        outcome=Outcome[outcome.upper()] if outcome else None,
        new_due_at=getattr(body, "new_due_at", None),
        apology=verb.apology(body),
        proposal=getattr(body, "proposal", None),
        on_behalf_of=(body.on_behalf_of.actor, body.on_behalf_of.agency) if body.on_behalf_of else None,
        expected_version=version_of(if_match),
        reason=reason,
        detail=verb.detail(body),
        said=verb.said(body),
    )


for _verb in VERBS:
    router.add_api_route(
        f"/{{code}}/{_verb.path}",
        _endpoint(_verb),
        methods=["POST"],
        operation_id=_verb.operation_id,
        summary=_verb.summary,
        response_model=Dossier,
        responses=_CHANGES,
    )
