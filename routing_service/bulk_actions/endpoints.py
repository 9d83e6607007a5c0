"""HTTP of bulk actions on cases."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from routing_service.bulk_actions import usecases
from routing_service.hand_overs.usecases import Asked
from shared.contracts.bulk import BulkResults
from shared.contracts.case_actions import BulkActionsIn
from shared.web.app import ReferenceOf
from shared.web.auth import Caller
from shared.web.bulk import bulk_response
from shared.web.clock import now
from shared.web.database import WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.problems import KEYED, LOCKED, refusals

router = APIRouter(prefix="/v1/cases", tags=["bulk actions"])


@router.post(
    "/bulk-actions",
    operation_id="actOnCases",
    summary="Thao tác hàng loạt · Up to 1,000 actions in one call",
    response_model=BulkResults,
    responses={
        200: {"description": "What became of each, in order: some may be refused"},
        **refusals(*LOCKED, *KEYED),
    },
)
async def act(
    request: Request,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: BulkActionsIn,
    key: IdempotencyKey = None,
) -> Response:
    """Hand over, receive, decline, assign and finish, each as its own call would: with its own result, and one that is
    refused holds up no other. What is done is done together. A dossier may be in a call once. Repeated with its key,
    the call answers what it had done, and does nothing. Of what is finished, intake is told in the background."""
    wanted = await RequestKey.of(request, principal.subject, key)
    asked = Asked(principal, reference, wanted, None, now())
    outcomes, replayed = await usecases.act(connection, asked, body.items)
    return bulk_response(request, outcomes, replayed=replayed)
