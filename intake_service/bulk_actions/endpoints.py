"""HTTP of bulk actions on dossiers."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from intake_service.bulk_actions import usecases
from shared.contracts.bulk import BulkResults
from shared.contracts.verbs import DossierActionsIn
from shared.web.app import ReferenceOf
from shared.web.auth import Caller
from shared.web.bulk import bulk_response
from shared.web.clock import now
from shared.web.database import WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.problems import KEYED, LOCKED, refusals

router = APIRouter(prefix="/v1/dossiers", tags=["bulk actions"])


@router.post(
    "/bulk-actions",
    operation_id="actOnDossiers",
    summary="Kết thúc, trả kết quả hàng loạt · Up to 1,000 finishes and returns in one call",
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
    body: DossierActionsIn,
    key: IdempotencyKey = None,
) -> Response:
    """Close what was done, with its real dates: finish and return, each as its own call would, with its own result, and
    one that is refused holds up no other. A dossier may be finished and returned in one call, in that order. Repeated
    with its key, the call answers what it had done, and does nothing."""
    wanted = await RequestKey.of(request, principal.subject, key)
    outcomes, replayed = await usecases.act(connection, reference, principal, body.items, wanted, now())
    return bulk_response(request, outcomes, replayed=replayed)
