"""HTTP of what staff do with a petition: one row of VERBS for each, and one way through for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel
from starlette.responses import Response

from intake_service.petitions import shapes, usecases
from intake_service.petitions.shapes import PetitionCode
from intake_service.petitions.usecases import Act, Wanted
from shared.contracts import petitions
from shared.contracts.petitions import Petition
from shared.reference import Reference
from shared.web.app import ReferenceOf
from shared.web.auth import Caller, Principal
from shared.web.clock import now
from shared.web.database import Writing, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.places import ETAG, good
from shared.web.problems import KEYED, READING, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/petitions", tags=["petitions"])

_DONE: dict[int | str, dict[str, Any]] = {
    **good(200, "The petition as it stands now", ETAG),
    **refusals(*READING, "conflict", "version_changed", *KEYED),
}


@dataclass(frozen=True, slots=True)
class Verb:
    """What may be done with a petition: its path, what is sent with it, and what that makes happen."""

    path: str
    operation_id: str
    summary: str
    doc: str
    body: type[BaseModel]
    act: Callable[[Any], Act]


VERBS = (
    Verb(
        "forward",
        "forwardPetition",
        "Chuyển cơ quan có thẩm quyền · Forward a petition",
        "To the agency that is competent: within 5 working days of reception (NĐ 20/2008/NĐ-CP art. 9(1)d), scored "
        "within\n2. That agency's term to answer runs from then.",
        petitions.ForwardingIn,
        lambda body: Act("forwarded", body.note, body.agency),
    ),
    Verb(
        "refuse",
        "refusePetition",
        "Không xử lý · Refuse a petition",
        "It is not dealt with, and its sender reads why.",
        petitions.RefusalIn,
        lambda body: Act("refused", body.reason),
    ),
    Verb(
        "information-requests",
        "askPetitioner",
        "Yêu cầu bổ sung thông tin · Ask the petitioner",
        "More has to be known: scored within 5 working days. Nothing is due until the petitioner answers.",
        petitions.QuestionIn,
        lambda body: Act("information_asked", body.question),
    ),
    Verb(
        "information",
        "recordInformation",
        "Ghi nhận thông tin bổ sung · Record what the petitioner answers",
        "As it was given at the counter or by telephone. The term to answer begins anew.",
        petitions.InformationIn,
        lambda body: Act("information_given", body.information),
    ),
    Verb(
        "answer",
        "answerPetition",
        "Trả lời · Answer a petition",
        "Its sender reads it: scored within 15 working days of sending or forwarding.",
        petitions.AnswerIn,
        lambda body: Act("answered", body.answer),
    ),
    Verb(
        "publish",
        "publishPetition",
        "Công khai · Publish a petition with its answer",
        "What everybody is to read, written anew: scored within 2 working days of the answer. A text that holds the\n"
        "petitioner's name, telephone or address, or anybody's number, is refused. It stays as it is.",
        petitions.PublicationIn,
        lambda body: Act("published", publication=body),
    ),
    Verb(
        "withhold",
        "withholdPetition",
        "Không công khai · Do not publish a petition",
        "It was answered and is not for everybody; why stays on record.",
        petitions.WithholdingIn,
        lambda body: Act("withheld", body.reason),
    ),
)


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
    return shapes.answer(await usecases.after(connection, reference, code, now()), reference)


def _endpoint(verb: Verb) -> Callable[..., Any]:
    """The way through: from the body to the act, and back with the petition as it stands after it."""
    body_of: Any = verb.body

    async def endpoint(
        request: Request,
        code: PetitionCode,
        reference: ReferenceOf,
        principal: Caller,
        connection: WritingSession,
        body: Annotated[body_of, Body()],
        key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Response:
        return await _did(request, code, reference, principal, connection, verb.act(body), key, if_match)

    endpoint.__doc__ = verb.doc
    endpoint.__name__ = verb.operation_id
    return endpoint


for _verb in VERBS:
    router.add_api_route(
        f"/{{code}}/{_verb.path}",
        _endpoint(_verb),
        methods=["POST"],
        operation_id=_verb.operation_id,
        summary=_verb.summary,
        response_model=Petition,
        responses=_DONE,
    )
