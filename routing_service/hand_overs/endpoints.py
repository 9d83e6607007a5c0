"""HTTP of hand-overs: give a dossier on, read its movements, and one row of ANSWERS for each thing that may become of
one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request
from starlette.responses import Response

from routing_service.cases.rules import Change
from routing_service.hand_overs import rules, usecases
from shared.contracts.hand_overs import HandOver, HandOverAnswerIn, HandOverIn, HandOvers, ReasonedAnswerIn, RecallIn
from shared.domain.civil_time import shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.places import ETAG, LOCATION, CaseCode, good
from shared.web.problems import CHANGING, READING, Problem, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/cases", tags=["hand-overs"])

Seq = Annotated[int, Path(ge=1, le=10**6, description="Which hand-over of the case; 1 is the first", examples=[1])]


@router.post(
    "/{code}/hand-overs",
    status_code=201,
    operation_id="handOver",
    summary="Chuyển hồ sơ · Hand a dossier over",
    response_model=HandOver,
    responses={
        **good(201, "Handed over: the receiver holds it now. ETag is the case's", ETAG, LOCATION),
        **refusals(*CHANGING),
    },
)
async def hand_over(
    request: Request,
    code: CaseCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: HandOverIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """Give a dossier to another agency, or to another desk of the same: by whoever holds it, to a receiver in force
    on that day. It is to reach the handling unit on the day of reception, or at the start of the next working day if
    received after 15:00 (NĐ 61/2018 art. 18); every hand-over is kept with who and when (phiếu kiểm soát).

    The receiver holds it at once, and is to say that it has it. Until then the giver may recall it. Whoever gives on
    what was not received yet has received it by that."""
    wanted = await RequestKey.of(request, principal.subject, key)
    changed = await usecases.changed(
        connection,
        usecases.Asked(principal, reference, wanted, version_of(if_match), now()),
        code,
        lambda scene: rules.hand_over(scene, body),
        resource=lambda case: f"{case.code}/{case.hand_overs + 1}",
        status=201,
    )
    seq = int(changed.resource.rpartition("/")[2])
    return _response(changed, seq, reference, 201, {"Location": f"/v1/cases/{changed.case.code}/hand-overs"})


@router.get(
    "/{code}/hand-overs",
    operation_id="listHandOvers",
    summary="Quá trình chuyển hồ sơ · The hand-overs of a dossier",
    response_description="Every movement, the first at the top",
    response_model=HandOvers,
    responses=refusals(*READING),
)
async def list_hand_overs(
    code: CaseCode, reference: ReferenceOf, principal: Caller, connection: ReadingSession
) -> Response:
    """Who gave a dossier to whom, and what became of it, from the first to the last. Nothing in it is ever changed."""
    log = await usecases.log_of(connection, code, principal)
    answers = rules.answers(log)
    return json_answer({"items": [_hand_over(row, answers, reference) for row in log]})


@dataclass(frozen=True, slots=True)
class AnswerVerb:
    """What may become of a hand-over: its path, its body, who may, and what decides."""

    path: str
    body: type[HandOverAnswerIn]
    decide: Callable[[rules.Scene, int, Any], Change | Problem]
    operation_id: str
    summary: str
    doc: str
    needs_body: bool = True


ANSWERS = (
    AnswerVerb(
        "receive",
        HandOverAnswerIn,
        rules.receive,
        "receiveHandOver",
        "Nhận hồ sơ · Say that the receiver has it",
        'By the receiver, once: phiếu kiểm soát, "2. Nhận". Without a body: now.',
        needs_body=False,
    ),
    AnswerVerb(
        "decline",
        ReasonedAnswerIn,
        rules.decline,
        "declineHandOver",
        "Từ chối nhận hồ sơ · Decline a hand-over",
        "By a leader of the receiver, or a delegate, before it is received: the giver holds it again, and need not "
        "receive it. What was returned is not declined.",
    ),
    AnswerVerb(
        "recall",
        RecallIn,
        rules.recall,
        "recallHandOver",
        "Thu hồi hồ sơ đã chuyển · Recall a hand-over",
        "By the giver, before it is received: the giver holds it again. To give it to somebody else, recall it first.",
        needs_body=False,
    ),
    AnswerVerb(
        "return",
        ReasonedAnswerIn,
        rules.send_back,
        "returnHandOver",
        "Trả lại bên giao · Return a dossier to whoever gave it",
        "By a leader of the receiver, or a delegate, after it was received. The giver holds it again, and is to "
        "receive it.",
    ),
)


def _endpoint(verb: AnswerVerb) -> Callable[..., Any]:
    body_of: Any = verb.body if verb.needs_body else verb.body | None

    async def endpoint(
        request: Request,
        code: CaseCode,
        seq: Seq,
        reference: ReferenceOf,
        principal: Caller,
        connection: WritingSession,
        body: Annotated[body_of, Body()] = None,
        key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Response:
        wanted = await RequestKey.of(request, principal.subject, key)
        changed = await usecases.changed(
            connection,
            usecases.Asked(principal, reference, wanted, version_of(if_match), now()),
            code,
            lambda scene: verb.decide(scene, seq, body or verb.body()),
            resource=lambda case: f"{case.code}/{seq}",
            seq=seq,
        )
        return _response(changed, seq, reference, 200, {})

    if verb.needs_body:
        endpoint.__defaults__ = (endpoint.__defaults__ or ())[1:]  # the first is the body's
    endpoint.__doc__ = verb.doc
    endpoint.__name__ = verb.operation_id
    return endpoint


for _verb in ANSWERS:
    router.add_api_route(
        f"/{{code}}/hand-overs/{{seq}}/{_verb.path}",
        _endpoint(_verb),
        methods=["POST"],
        operation_id=_verb.operation_id,
        summary=_verb.summary,
        response_model=HandOver,
        responses={**good(200, "The hand-over as it stands now. ETag is the case's", ETAG), **refusals(*CHANGING)},
    )


def _response(
    changed: usecases.Changed, seq: int, reference: Reference, status: int, headers: dict[str, str]
) -> Response:
    shown_as = _hand_over(changed.log[seq - 1], rules.answers(changed.log), reference)
    told = {"ETag": f'"{changed.case.version}"', **headers}
    return json_answer(shown_as, status, told, replayed=changed.replayed)


def _hand_over(row: rules.HandOverRow, answers: dict[int, Any], reference: Reference) -> dict[str, Any]:
    agencies = reference.agencies.by_id
    giver, receiver = agencies[row.from_agency_id], agencies[row.to_agency_id]
    answer = answers.get(row.seq)
    return {
        "seq": row.seq,
        "kind": row.kind.value,
        "answers": row.answers,
        "from_agency": giver.code,
        "from_agency_name": giver.name,
        "from_desk": row.from_desk,
        "to_agency": receiver.code,
        "to_agency_name": receiver.name,
        "to_desk": row.to_desk,
        "occurred_at": shown(row.occurred_at),
        "recorded_at": shown(row.recorded_at),
        "actor": row.actor,
        "for_agency": agencies[row.acting_agency_id].code if row.acting_agency_id else None,
        "delegator": row.delegator,
        "note": row.note,
        "answer": answer[0].value if answer else None,
        "receipt": _receipt(row.receipt, reference) if row.receipt else None,
        "reorganisation": row.reorganisation_id,
    }


def _receipt(receipt: rules.Receipt, reference: Reference) -> dict[str, Any]:
    return {
        "occurred_at": shown(receipt.occurred_at),
        "recorded_at": shown(receipt.recorded_at),
        "actor": receipt.actor,
        "for_agency": reference.agencies.by_id[receipt.acting_agency_id].code,
        "implied": receipt.implied,
    }
