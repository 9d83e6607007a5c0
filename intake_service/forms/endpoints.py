"""HTTP of forms: which a dossier has, a form as a file, and the ledger of an agency."""

from typing import Annotated, Any, get_args
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from intake_service.forms import usecases
from intake_service.forms.rules import OF_A_DOSSIER, FormKind, Sheet, sheets
from intake_service.forms.wording.shapes import Paper
from shared.contracts.fields import Code, Day, Reasoning
from shared.contracts.forms import DossierForms, FormatName, FormName
from shared.domain.civil_time import civil_day, shown
from shared.domain.personal import holds_a_number
from shared.press.presses import DOCX, PDF, Press
from shared.press.threads import pressed
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_agency
from shared.web.clock import now
from shared.web.database import ReadingSession, Recorded
from shared.web.places import DossierCode
from shared.web.problems import LISTING, READING, invalid, refusals

router = APIRouter(prefix="/v1", tags=["forms"])

Format = Annotated[FormatName, Path(description="pdf: PDF/A-2b; docx: to write on", examples=["pdf"])]
_PRESSES = {"pdf": Press("intake_service.forms.pdf", PDF), "docx": Press("intake_service.forms.word", DOCX)}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file; the same edition is the same bytes",
        "content": {
            press.media_type: {"schema": {"type": "string", "format": "binary"}} for press in _PRESSES.values()
        },
    }
}


@router.get(
    "/dossiers/{code}/forms",
    operation_id="listForms",
    summary="Các mẫu của hồ sơ · The forms of a dossier",
    response_description="The forms that there are now, each with where it is",
    response_model=DossierForms,
    responses=refusals(*READING),
)
async def listed(
    code: DossierCode, room: RoomOf, reference: ReferenceOf, principal: Caller, connection: ReadingSession
) -> Response:
    """Which forms the dossier has now, under which number and circular, and where they are. An edition is made by an
    event and never changes: what moves the date on a receipt, or sets it right, makes the next one."""
    file = await usecases.file_of(connection, reference, principal, room.keyring, code)
    found = sheets(file.editions, file.versions)
    newest = {sheet.edition.kind: sheet.edition.number for sheet in found}
    items = [_item(file, sheet, current=newest[sheet.edition.kind] == sheet.edition.number) for sheet in found]
    return json_answer({"items": items})


@router.get(
    "/dossiers/{code}/forms/{form}.{format}",
    operation_id="readForm",
    summary="In một mẫu · A form of a dossier as a file",
    response_class=Response,
    responses={
        **_FILE,
        **refusals(*READING, "form_not_available", "form_not_ready", "invalid_request", "unavailable"),
    },
)
async def read(
    code: DossierCode,
    form: Annotated[FormName, Path(description="Which form", examples=["receipt"])],
    format: Format,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    edition: Annotated[int | None, Query(ge=1, le=10_000, description="Which edition; the newest unless given")] = None,
) -> Response:
    """A form, printed from the dossier's history: PDF/A-2b, or DOCX to write on. Of an edition that was made before,
    exactly what it was, whatever happened since. The QR code leads to the public tracking page. Whoever does not need
    the applicant's identity number, phone, e-mail and address (docs/rights.md) gets them masked.

    The receipt of a linked dossier says besides until when the receiving unit is done with its own share, which is
    known about a second after the reception. Until then the newest edition is refused with `form_not_ready`, and is to
    be asked for again. Whoever cannot wait names it, and gets it without that date."""
    kind, at = FormKind(form), now()
    async with room.pool.acquire(principal.rows) as connection:  # given back before it is printed
        session = Recorded(connection)
        file = await usecases.file_of(session, reference, principal, room.keyring, code)
        made, paper = await usecases.made_ready(session, file, reference, principal, room.settings, kind, edition, at)
    return await _file(paper, format, f"{form}-{made.number}")


@router.get(
    "/ledger.{format}",
    operation_id="readLedger",
    summary="Sổ theo dõi hồ sơ · The ledger of an agency",
    response_class=Response,
    responses={
        **_FILE,
        **refusals(*LISTING, "not_found", "unavailable"),
    },
)
async def read_ledger(
    format: Format,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    agency: Annotated[Code, Query(description="Receiving agency, with all under it", examples=["19333"])],
    first: Annotated[Day, Query(alias="from", description="First day of reception")],
    last: Annotated[Day, Query(alias="to", description="Last day of reception")],
    reason: Annotated[
        Reasoning | None,
        Query(
            description="Why addresses and phones are needed; kept on record. Without it they are masked",
            examples=["In sổ theo dõi hồ sơ quý IV để lưu"],
        ),
    ] = None,
) -> Response:
    """The dossiers received in a period, in order of reception, as they stand now. At most 2,000 lines: of more the
    period, or the agency, has to be narrowed. Address and phone are masked, unless a `reason` is given by somebody who
    sees them (docs/rights.md): then the reading is on record, the reason for good, so it names nobody's number."""
    at = now()
    if reason is not None and holds_a_number(reason):
        raise invalid("reason", "holds_a_number")
    unit = asked_agency(agency, reference, principal, civil_day(at))
    asked = usecases.Asked(unit, reference.agencies.scope(unit.id) & principal.scope, first, last, reason)
    async with room.pool.acquire(principal.rows) as connection:
        paper = await usecases.ledger(Recorded(connection), reference, principal, asked, at)
    return await _file(paper, format, f"ledger-{first:%Y%m%d}-{last:%Y%m%d}")


async def _file(paper: Paper, format: FormatName, name: str) -> Response:
    press = _PRESSES[format]
    headers = {"Content-Disposition": f'inline; filename="{name}.{format}"', "Cache-Control": "no-store"}
    return Response(await pressed(press.printed, paper), 200, headers, press.media_type)


def _item(file: usecases.File, sheet: Sheet, *, current: bool) -> dict[str, Any]:
    edition, version = sheet
    where = f"/v1/dossiers/{quote(file.row['code'], safe='')}/forms/{edition.kind.value}"
    return {
        "form": edition.kind.value,
        "number": version.number or None,
        "title": version.title,
        "legal_basis": version.legal_basis,
        "paper": version.paper,
        "confirmed": version.confirmed,
        "basis": version.basis,
        "edition": edition.number,
        "current": current,
        "complete": not file.lacks_share(edition),
        "required": not (edition.kind is FormKind.RECEIPT and file.same_day),
        "made_at": shown(edition.made_at),
        "pdf": f"{where}.pdf?edition={edition.number}",
        "docx": f"{where}.docx?edition={edition.number}",
    }


assert set(get_args(FormName)) == set(OF_A_DOSSIER)
