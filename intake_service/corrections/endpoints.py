"""HTTP of corrections: what was mis-entered at reception is set right."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from intake_service.corrections import usecases
from intake_service.dossiers.shapes import dossier_response
from intake_service.dossiers.usecases import one
from shared.contracts.corrections import CorrectionIn
from shared.contracts.intake import Dossier
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.places import ETAG, DossierCode, good
from shared.web.problems import KEYED, READING, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/dossiers", tags=["lifecycle"])


@router.post(
    "/{code}/corrections",
    operation_id="correctDossier",
    summary="Đính chính thông tin tiếp nhận · Correct what was mis-entered at reception",
    response_model=Dossier,
    responses={
        **good(200, "The dossier as it stands after it", ETAG),
        **refusals(*READING, "agency_out_of_scope", "not_allowed_in_status", "version_changed", *KEYED),
    },
)
async def correct(
    request: Request,
    code: DossierCode,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    asked: CorrectionIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """A supervisor's, with the reason and the number of the decision or minutes. The account starts anew from the
    corrected reception, and so does the verdict of a dossier that is over; every count follows. The code stays,
    whatever day it names. What stood before stays on record, and a receipt is printed anew."""
    wanted = await RequestKey.of(request, principal.subject, key)
    about = usecases.Wanted(wanted, now(), room.keyring, version_of(if_match))
    replayed = await usecases.correct(connection, reference, principal, code, asked, about)
    row = await one(connection, code, principal)
    return dossier_response(row, reference, room.keyring, replayed=replayed)
